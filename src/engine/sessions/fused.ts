/** @file Sessions of the kernel library, whose graphs hold fused operators. */
import { type KernelLibrary, type KernelSession, openKernelLibrary } from '../native/kernel-library.js';
import type { FusedTarget } from '../settings.js';
import { hostPlacement, withHostStates } from './host.js';
import type { SessionProvider, Value } from './session.js';

const libraries = new Map<string, Promise<KernelLibrary>>();

export const fusedSessions: SessionProvider<FusedTarget> = {
  placement: hostPlacement,
  createSession: async (model, settings, { library: path }) => {
    const library = libraries.get(path) ?? openKernelLibrary(path);
    libraries.set(path, library);
    const { createSession, runTogether, join } = await library;
    const session = createSession(model, settings);
    const sideBySide = [session];
    return withHostStates({
      run: async (inputs, outputs) => {
        bind(session, inputs, outputs);
        session.run();
      },
      runTogether: async (runs, job) => {
        if (job) join(job.mpi, job.ranks);
        while (sideBySide.length < runs.length) sideBySide.push(session.sibling());
        for (const [i, [inputs, outputs]] of runs.entries()) bind(sideBySide[i]!, inputs, outputs);
        runTogether(sideBySide.slice(0, runs.length));
      },
      release: async () => session.release(),
    });
  },
};

function bind(session: KernelSession, inputs: readonly Value[], outputs: readonly Value[]): void {
  for (const { name, dtype, shape, data } of inputs) session.bindInput(name, dtype, shape, data);
  for (const { name, dtype, shape, data } of outputs) session.bindOutput(name, dtype, shape, data);
}
