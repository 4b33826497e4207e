/** @file Backbones for tests of starts: as they are published, and as they are embedded. */

import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSegmentor, describe } from '../../models/index.js';
import { initialState } from '../../runs/state-dict.js';
import { halfTensor } from '../../weights/half.js';
import { encodeTorchFile, type WeightTensor } from '../../weights/index.js';
import { encodeSafetensors } from '../../weights/safetensors.js';

/** Backbone of `lite-hrnet-s` with values that follow from a seed, by names without the prefix, as in published files. */
export function backbone(seed: number): Map<string, WeightTensor> {
  const { variables } = describe(createSegmentor('lite-hrnet-s', { numClasses: 2 }), [1, 3, 64, 64]);
  const state = initialState(variables, seed);
  return new Map(
    variables
      .filter(({ key }) => key.startsWith('backbone.') && !key.endsWith('num_batches_tracked'))
      .map(({ key, shape }) => [key.slice('backbone.'.length), { shape, data: state.get(key)! }]),
  );
}

/** The bytes of a published file. */
export const publishedFile = (tensors: ReadonlyMap<string, WeightTensor>): Buffer =>
  Buffer.concat(encodeTorchFile(tensors));

/** A folder with one embedded backbone, in half precision and with its card. */
export async function embed(
  folder: string,
  tensors: ReadonlyMap<string, WeightTensor>,
  template = 'Lite-HRNet-s-mod2',
): Promise<{ folder: string; file: string; bytes: number; sha256: string }> {
  const file = encodeSafetensors({
    tensors: new Map([...tensors].map(([name, tensor]) => [`backbone.${name}`, halfTensor(tensor)])),
    metadata: {},
  });
  const facts = { bytes: file.length, sha256: createHash('sha256').update(file).digest('hex') };
  await mkdir(folder, { recursive: true });
  const name = `${template}-backbone`;
  await writeFile(join(folder, `${name}.safetensors`), file);
  await writeFile(join(folder, `${name}.card.json`), JSON.stringify({ template, seed: 0, ...facts }));
  return { folder, file: join(folder, `${name}.safetensors`), ...facts };
}
