/** @file Sessions of the kernel library, whose graphs hold fused operators. */
import { type KernelLibrary, openKernelLibrary } from '../native/kernel-library.js';
import type { FusedTarget } from '../settings.js';
import { hostPlacement, withHostStates } from './host.js';
import type { SessionProvider } from './session.js';

const libraries = new Map<string, Promise<KernelLibrary>>();

export const fusedSessions: SessionProvider<FusedTarget> = {
  placement: hostPlacement,
  createSession: async (model, settings, { library: path }) => {
    const library = libraries.get(path) ?? openKernelLibrary(path);
    libraries.set(path, library);
    const session = (await library).createSession(model, settings);
    return withHostStates({
      run: async (inputs, outputs) => {
        for (const { name, dtype, shape, data } of inputs) session.bindInput(name, dtype, shape, data);
        for (const { name, dtype, shape, data } of outputs) session.bindOutput(name, dtype, shape, data);
        session.run();
      },
      release: async () => session.release(),
    });
  },
};
