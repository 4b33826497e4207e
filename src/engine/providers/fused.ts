/** @file The fused provider: ONNX Runtime with the operators of the kernel library (native/), where there is one that works. */
import { fuseChains, fuseLayers } from '../../graph/fusion/fuse.js';
import { repeatFused } from '../../graph/fusion/repeat.js';
import { findKernels } from '../native/find-kernels.js';
import { keptVerdict } from '../native/kept-verdict.js';
import { probeKernels } from '../native/probe-kernels.js';
import { cpuLowering } from './cpu.js';
import { type Fusion, passesWith } from './passes.js';
import { type Provider, providerOf } from './provider.js';
import type { StockProvider } from './stock.js';

const fusion = (sharedBy?: number): Fusion => ({
  layers: (outputs) => fuseLayers(outputs, { sharedBy }),
  repeat: repeatFused,
  chains: (outputs) => fuseChains(outputs),
});

/** @param stock lowers what the library has no operator for */
export function fusedProvider(stock: StockProvider): Provider {
  return providerOf('fused', async (run) => {
    const found = await findKernels();
    if (typeof found === 'string') return found;
    const session = { provider: 'fused', library: found.path } as const;
    const problem = await keptVerdict(found, () => probeKernels((probe) => run(probe, session)));
    if (problem !== undefined) return problem;
    const { capabilities } = await stock.probe(run);
    return {
      session,
      identity: { provider: 'fused', capabilities, library: found.digest },
      halves: 'the kernels of this package compute in float32',
      passes: (memory) => passesWith(cpuLowering(capabilities), memory, { fusion: fusion() }),
      sharedPasses: (memory, batches) =>
        passesWith(cpuLowering(capabilities), memory, { fusion: fusion(batches) }),
    };
  });
}
