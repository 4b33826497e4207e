/** @file Pooling of large maps in the blocked layout. */
import { type BlockSize, blockedAveragePool, canBlock, fromBlocked, toBlocked } from './blocked-layout.js';
import type { LoweringRule } from './table.js';

/** Shorter rows stay in the caches of the plain kernels, which then need no reordering and win. */
const MIN_WIDTH = 128;

/** Windows of several sizes over one map, as where branches of all resolutions meet, share its reordered copy. */
export function blockedPool(block: BlockSize): LoweringRule<'averagePool'> {
  return ({ attributes: { kernel } }, [x]) => {
    const [n, channels, , w] = x!.shape as [number, number, number, number];
    if (w < MIN_WIDTH || !canBlock(n * channels)) return undefined;
    return [fromBlocked(blockedAveragePool(toBlocked(x!, block), kernel), n, channels)];
  };
}
