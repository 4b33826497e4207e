/** @file The stock provider: ONNX Runtime as it comes, on its CPU provider. It works everywhere. */
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

/** @param capabilities default: standard operators only */
export function stockTarget(capabilities: CpuCapabilities = PLAIN_CPU): StockTarget {
  return {
    session: STOCK_SESSION,
    identity: { provider: 'stock', capabilities },
    capabilities,
    passes: (memory) => passesWith(cpuLowering(capabilities), memory),
  };
}

/** @param lowering `plain` keeps to documented operators and looks for nothing */
export function stockProvider(lowering: 'fast' | 'plain'): StockProvider {
  return providerOf<StockTarget, never>('stock', async (run) =>
    stockTarget(lowering === 'plain' ? PLAIN_CPU : await probeCpu((probe) => run(probe, STOCK_SESSION))),
  );
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
