/** @file Which engine computes training steps: that of fused kernels where it is to be had, else the stock one. */
import { OtxError } from '../base/errors.js';
import type { TensorData } from '../graph/tensor.js';
import { findKernels } from './native/find-kernels.js';
import { keptVerdict } from './native/kept-verdict.js';
import { type ProbeModel, probeKernels } from './native/probe-kernels.js';
import type { EngineKind, EngineWish } from './settings.js';

/** What came of a wish. */
export interface EngineChoice {
  /** The engine of training steps. */
  readonly kind: EngineKind;
  /** Why that one, in words that follow its name. */
  readonly reason: string;
  /** Of the fused engine. */
  readonly kernels?: { readonly path: string; readonly digest: string };
}

/**
 * @param run runs a model with the library at a path
 * @throws OtxError `engine` when the fused engine was asked for by name and cannot be had.
 */
export async function chooseEngine(
  wish: EngineWish,
  run: (path: string, probe: ProbeModel) => Promise<readonly TensorData[]>,
): Promise<EngineChoice> {
  if (wish === 'stock') return { kind: 'stock', reason: 'asked for' };
  const found = await findKernels();
  const problem =
    typeof found === 'string'
      ? found
      : await keptVerdict(found, () => probeKernels((probe) => run(found.path, probe)));
  if (problem === undefined && typeof found !== 'string')
    return { kind: 'fused', reason: 'its kernels work on this processor', kernels: found };
  if (wish === 'fused')
    throw new OtxError(
      'engine',
      `the fused engine cannot be used: ${problem}; build it with a C compiler (npm run build), or leave the engine to auto`,
    );
  return { kind: 'stock', reason: problem ?? 'the fused one cannot be used' };
}
