/** @file The stock provider: ONNX Runtime as it comes, on its CPU provider. It works everywhere. */
import type { Halves } from '../../graph/index.js';
import type { Tensor } from '../../graph/tensor.js';
import type { MemoryMode } from '../settings.js';
import { type CpuCapabilities, cpuLowering, PLAIN_CPU } from './cpu.js';
import { passesWith } from './passes.js';
import { probeCpu } from './probe.js';
import { type Provider, providerOf, type Target } from './provider.js';

/** {@link Target} of the stock provider. */
export interface StockTarget extends Target {
  readonly capabilities: CpuCapabilities;
}

/** The provider that is always there. */
export type StockProvider = Provider<StockTarget, never>;

/** How the thread makes a session of the runtime as it comes. */
export const STOCK_SESSION = { provider: 'stock' } as const;

/** The runtime's kernels for the processor know halves in part; it makes floats of the others' operands and leaves the rounding out. */
const ROUNDED: Halves = { operators: 'float32', sums: 'float32' };
const SLOWER = 'it takes longer than float32 there';

/**
 * @param capabilities default: standard operators only
 * @param isMixed whether steps of mixed precision are computed so, which takes longer than in float32. Default false.
 */
export function stockTarget(
  capabilities: CpuCapabilities = PLAIN_CPU,
  isMixed: boolean = false,
): StockTarget {
  const halves = isMixed ? ROUNDED : SLOWER;
  return {
    session: STOCK_SESSION,
    identity: { provider: 'stock', capabilities, ...(isMixed && { halves }) },
    capabilities,
    halves,
    passes: (memory, precision) => passesWith(cpuLowering(capabilities), memory, { halves, precision }),
  };
}

/** @param lowering `plain` keeps to documented operators and looks for nothing */
export function stockProvider(lowering: 'fast' | 'plain', isMixed: boolean = false): StockProvider {
  return providerOf<StockTarget, never>('stock', async (run) => {
    const capabilities =
      lowering === 'plain' ? PLAIN_CPU : await probeCpu((probe) => run(probe, STOCK_SESSION));
    return stockTarget(capabilities, isMixed);
  });
}

/** The same values in operators that the runtime's CPU provider runs. */
export function lowerForCpu(
  outputs: readonly Tensor[],
  capabilities?: CpuCapabilities,
  memory: MemoryMode = 'fast',
): Tensor[] {
  return stockTarget(capabilities)
    .passes(memory)
    .reduce((tensors, pass) => pass(tensors), [...outputs]);
}
