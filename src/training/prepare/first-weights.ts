/** @file The weights that a training begins with. */

import { OtxError, option } from '../../base/errors.js';
import type { ClassInfo } from '../../data/index.js';
import type { Method } from '../../methods/method.js';
import { OWN_MODEL } from '../../models/index.js';
import { isBackboneOnly } from '../../runs/checkpoint.js';
import { openGivenWeights, stateFromWeights } from '../../runs/given-weights.js';
import {
  describeLoaded,
  floatsOf,
  initialState,
  type StateDict,
  stateFromCheckpoint,
} from '../../runs/state-dict.js';
import { matchWeights } from '../../weights/index.js';
import { isTrainingState } from '../../weights/training-state.js';
import type { CompleteConfig } from '../options/train-options.js';
import type { InterruptedRun } from '../resume/interrupted-run.js';
import type { Backbone } from './choose-start.js';

export interface FirstWeights {
  readonly state: StateDict;
  /** Classes of the weights that were given; null for random ones. */
  readonly knownClasses: string[] | null;
}

/** What decides about first weights. */
export interface FirstWeightsOptions {
  /** The run that goes on; undefined for a new one. */
  readonly earlier: InterruptedRun | undefined;
  readonly config: CompleteConfig;
  readonly method: Method;
  readonly classes: readonly ClassInfo[];
  readonly notice: (message: string) => void;
  /** Takes its place in fresh weights; the head keeps its initial values. */
  readonly backbone: Backbone | undefined;
  /** Whether the network is one that was given, and not the template's. */
  readonly hasOwnModel: boolean;
}

/** @throws OtxError `checkpoint` for weights that do not fit. */
export async function firstWeights(options: FirstWeightsOptions): Promise<FirstWeights> {
  const { earlier, config, method, classes, notice, backbone, hasOwnModel } = options;
  const { load_weights, seed } = config;
  const { variables, isOfLoss = () => false } = method;
  const fresh = initialState(variables, seed);
  if (earlier) {
    // What only a loss needs is state of the method, which the session reads itself.
    const own = variables.filter(({ key }) => !isOfLoss(key));
    const { state } = stateFromCheckpoint(earlier.checkpoint, earlier.file, own, classes, fresh);
    return { state: new Map([...fresh, ...state]), knownClasses: earlier.resume.knownClasses };
  }
  if (load_weights === undefined) {
    if (!backbone) return { state: fresh, knownClasses: null };
    const { source, tensors } = backbone;
    const match = matchWeights(tensors, variables, { source, expectBackbone: true });
    // That the head is not in it is no news.
    const isWhole = match.missing.every((key) => !key.startsWith('backbone.'));
    if (!isWhole || match.unexpected.length + match.mismatched.length > 0) notice(match.report);
    const values = [...match.loaded].map(([key, { data }]) => [key, floatsOf(data)] as const);
    return { state: new Map([...fresh, ...values]), knownClasses: null };
  }
  const given = await openGivenWeights(load_weights);
  if (given.kind === 'weights') {
    const { weights } = given;
    const use = { fresh, complete: false };
    const { state, report } = stateFromWeights(weights, load_weights, variables, classes, use);
    notice(report);
    return { state, knownClasses: weights.classNames ? [...weights.classNames] : null };
  }
  const { checkpoint } = given;
  if (checkpoint.info.template.model === OWN_MODEL && !hasOwnModel) {
    throw new OtxError(
      'checkpoint',
      `${load_weights}: was trained with a network of its own; give that as ${option('model')} too: the run keeps it as models/network.onnx ` +
        'where it came from a file',
    );
  }
  const known = checkpoint.info.classes.map(({ name }) => name);
  if (isBackboneOnly(checkpoint) || variables.some(({ key }) => isOfLoss(key))) {
    // What the checkpoint lacks, a head or what only a loss needs, starts fresh.
    const tensors = new Map([...checkpoint.tensors].filter(([name]) => !isTrainingState(name)));
    const named = isBackboneOnly(checkpoint) ? {} : { classNames: known };
    const use = { fresh, complete: false };
    const { state, report } = stateFromWeights({ tensors, ...named }, load_weights, variables, classes, use);
    notice(report);
    return { state, knownClasses: named.classNames ?? null };
  }
  const loaded = stateFromCheckpoint(checkpoint, load_weights, variables, classes, fresh);
  notice(describeLoaded(loaded, variables.length, load_weights));
  return { state: loaded.state, knownClasses: known };
}
