/** @file Which provider computes training steps: the one that was asked for, or the first that works. */
import { OtxError } from '../../base/errors.js';
import type { EngineKind, EngineWish } from '../settings.js';
import type { ProbeRunner, Provider, Target } from './provider.js';
import type { StockProvider } from './stock.js';

/** What came of a wish. */
export interface EngineChoice {
  /** The engine of training steps. */
  readonly kind: EngineKind;
  /** Why that one, in words that follow its name. */
  readonly reason: string;
}

/** What came of it, and what to compile for. */
export interface Chosen extends EngineChoice {
  readonly target: Target;
}

/**
 * @throws OtxError `engine` when the fused engine was asked for by name and cannot be had.
 */
export async function chooseProvider(
  wish: EngineWish,
  providers: { readonly stock: StockProvider; readonly fused: Provider },
  run: ProbeRunner,
): Promise<Chosen> {
  const fused = wish === 'stock' ? undefined : await providers.fused.probe(run);
  if (typeof fused === 'object')
    return { kind: 'fused', reason: 'its kernels work on this processor', target: fused };
  if (wish === 'fused')
    throw new OtxError(
      'engine',
      `the fused engine cannot be used: ${fused}; build it with a C compiler (npm run build), or leave the engine to auto`,
    );
  const target = await providers.stock.probe(run);
  return { kind: 'stock', reason: fused ?? 'asked for', target };
}
