/** @file The published ImageNet backbone of a model as the start of a training. */

import type { VariableSpec } from '../../nn/index.js';
import type { TrainEvent } from '../../runs/events.js';
import { floatsOf, type StateDict } from '../../runs/state-dict.js';
import { fetchPretrained, matchWeights, type PretrainedOptions, readWeights } from '../../weights/index.js';

export interface PretrainedBackboneOptions
  extends Pick<PretrainedOptions, 'baseUrl' | 'cacheDir' | 'signal'> {
  /** Name of the network, as in `Template.model`. */
  readonly model: string;
  readonly onEvent: (event: TrainEvent) => void;
}

/**
 * `fresh` with the values of the published backbone, which is downloaded when it is not on this machine yet. The head
 * keeps its initial values.
 *
 * @throws OtxError as `fetchPretrained`, `readWeights` and `matchWeights` do.
 */
export async function loadPretrained(
  fresh: StateDict,
  variables: readonly VariableSpec[],
  { model, onEvent, ...options }: PretrainedBackboneOptions,
): Promise<StateDict> {
  const source = await fetchPretrained(model, {
    ...options,
    onProgress: (progress) => onEvent({ type: 'download', ...progress }),
  });
  const { tensors } = await readWeights(source);
  const { loaded, report } = matchWeights(tensors, variables, { source, expectBackbone: true });
  onEvent({ type: 'notice', message: report });
  return new Map([...fresh, ...[...loaded].map(([key, { data }]) => [key, floatsOf(data)] as const)]);
}
