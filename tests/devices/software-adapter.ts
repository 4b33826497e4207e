/**
 * @file An adapter for WebGPU without a graphics card: SwiftShader, which comes with Chromium. To be imported before anything opens a
 * device: the loader of Vulkan reads the environment once.
 */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { openDevice } from '../../src/engine/devices/open-device.js';

/** Where packages of Chromium and Chrome on Linux have the description of the driver. */
const PLACES = [
  '/usr/lib/chromium',
  '/usr/lib/chromium-browser',
  '/usr/lib64/chromium',
  '/opt/google/chrome',
];

const found = PLACES.map((folder) => `${folder}/vk_swiftshader_icd.json`).find((file) => existsSync(file));
if (found !== undefined && process.env.VK_ICD_FILENAMES === undefined) {
  process.env.VK_ICD_FILENAMES = found;
  // Only to spare a warning.
  process.env.XDG_RUNTIME_DIR ??= tmpdir();
}

/** Name of the adapter that WebGPU has here, or why there is none. */
export const adapter: { readonly name: string } | string = await openDevice('webgpu').then(
  ({ name, close }) => {
    close();
    return { name };
  },
  (error: Error) => error.message,
);
