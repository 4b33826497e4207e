/** @file Weights that a user names: a checkpoint of this program, or a file of PyTorch or safetensors from elsewhere. */

import { stat } from 'node:fs/promises';
import { OtxError } from '../base/errors.js';
import { readHead } from '../base/read-file.js';
import { isPlainZip } from '../base/zip-head.js';
import type { ClassInfo } from '../data/index.js';
import type { VariableSpec } from '../nn/index.js';
import { matchWeights, readSafetensorsMetadata, readWeights, type Weights } from '../weights/index.js';
import { type Checkpoint, loadCheckpoint } from './checkpoint.js';
import { classChanges, describeClasses, floatsOf, remapClasses, type StateDict } from './state-dict.js';

export type GivenWeights =
  | { readonly kind: 'checkpoint'; readonly checkpoint: Checkpoint }
  | { readonly kind: 'weights'; readonly weights: Weights };

/**
 * Opens weights of either kind. The content decides, not the name.
 *
 * @param path a run folder or a file.
 * @throws OtxError `checkpoint` when there are no usable weights.
 */
export async function openGivenWeights(path: string): Promise<GivenWeights> {
  if (/\.(onnx|xml)$/i.test(path) || isPlainZip(await readHead(path, HEAD_BYTES), path)) {
    throw new OtxError(
      'checkpoint',
      `${path}: is an exported model, for eval, predict and explain; give the run folder or checkpoint that it was exported from`,
    );
  }
  const isFile = (await stat(path).catch(() => undefined))?.isFile() === true;
  if (isFile && (await readSafetensorsMetadata(path))?.otx === undefined) {
    return { kind: 'weights', weights: await readWeights(path) };
  }
  return { kind: 'checkpoint', checkpoint: await loadCheckpoint(path) };
}

export interface UseOfWeights {
  /** Initial values of all variables, kept by those that the file does not have. */
  readonly fresh: StateDict;
  /** Whether the weights are used as they are, without training, so that nothing may be missing. */
  readonly complete: boolean;
}

/** As much as tells a zip file of PyTorch from others. */
const HEAD_BYTES = 512;

/** Drawn anew for every input by the official SegNeXt, whose files lack them: any initial values serve. */
const REPLACEABLE = 'decode_head.hamburger.ham.bases';
const LISTED = 3;

/**
 * The state of a model with weights from elsewhere: rows of the last layer go by class name where the file names its
 * classes, everything else by name and shape.
 *
 * @throws OtxError `checkpoint` when less than 95 % of the backbone fit, or when `complete` weights lack anything.
 */
export function stateFromWeights(
  { tensors, classNames }: Pick<Weights, 'tensors' | 'classNames'>,
  source: string,
  variables: readonly VariableSpec[],
  classes: readonly ClassInfo[],
  { fresh, complete }: UseOfWeights,
): { readonly state: StateDict; readonly report: string } {
  const mapped = classNames ? remapClasses(tensors, classNames, variables, classes, fresh) : tensors;
  const match = matchWeights(mapped, variables, { source, expectBackbone: true });
  const lacking = [
    ...match.missing.filter((key) => key !== REPLACEABLE),
    ...match.mismatched.map(({ key }) => key),
  ];
  if (complete && lacking.length > 0) {
    throw new OtxError(
      'checkpoint',
      `${source}: not a complete model, ${lacking.length} tensors do not fit or are missing (${lacking.slice(0, LISTED).join(', ')}); ` +
        'train it first with --load-weights',
    );
  }
  const loaded = [...match.loaded].map(([key, { data }]) => [key, floatsOf(data)] as const);
  const changes = classNames ? describeClasses(classChanges(classNames, classes)) : [];
  return {
    state: new Map([...fresh, ...loaded]),
    report: [match.report, ...changes.map((change) => `  ${change}`)].join('\n'),
  };
}
