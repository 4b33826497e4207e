/** @file A trained network as the bytes of an ordinary ONNX file, in the form that segments fastest: exported, or run right away. */

import {
  add,
  firstOf,
  input,
  type LoweringTable,
  lower,
  mul,
  optimize,
  plainLowering,
  poolByInterpolation,
  resizeBilinear,
  resizeByDoubling,
  softmax,
  type Tensor,
} from '../graph/index.js';
import { type ModelDescription, serializeLowered } from '../graph/onnx/serialize.js';
import { eliminateCommonSubexpressions } from '../graph/passes/common-subexpressions.js';
import { ConstantStore, Scope } from '../nn/index.js';
import type { TrainedModel } from './trained-model.js';
import { sizeAtScale } from './views.js';

/**
 * Standard operators only, in the forms for which ONNX Runtime has its fastest kernels: Lite-HRNets gain a fifth to a third.
 * Where weights are constants, the runtime makes more of these than of the lowerings for training steps.
 */
const INFERENCE_LOWERING: LoweringTable = {
  ...plainLowering,
  averagePool: poolByInterpolation,
  resizeNearest: firstOf(resizeByDoubling, plainLowering.resizeNearest!),
};

/** A network and its input. */
export interface EncodedNetwork extends Pick<TrainedModel, 'model' | 'state' | 'inputSize'> {
  /** Sizes at which it sees what it is given, as shares of that; what it says is averaged. Default: 1 alone. */
  readonly scales?: readonly number[] | undefined;
}

/**
 * Input `input` float32 [1, 3, H, W], output `output` float32 [1, K, H, W]: probabilities, or logits.
 * @param gives default probabilities; logits of a network at several scales have no mean of use.
 */
export function encodeNetwork(
  { model, state, inputSize, scales = [1] }: EncodedNetwork,
  description: Omit<ModelDescription, 'inputs' | 'outputs'> = {},
  gives: 'probabilities' | 'logits' = 'probabilities',
): Uint8Array {
  const images = input('input', 'float32', [1, 3, inputSize.height, inputSize.width]);
  const store = new ConstantStore(state);
  const answers = scales.map((scale) => {
    const { width, height } = sizeAtScale(inputSize, scale);
    const logits = model(new Scope(store, false), resizeBilinear(images, [height, width]));
    const fullSize = resizeBilinear(logits, [inputSize.height, inputSize.width]);
    return gives === 'logits' ? fullSize : softmax(fullSize, 1);
  });
  const sum = answers.reduce((sum, answer) => add(sum, answer));
  // Equal subgraphs are joined before weights are folded, which makes new ones: so scales share theirs.
  const [result] = eliminateCommonSubexpressions([scales.length > 1 ? mul(sum, 1 / scales.length) : sum]) as [
    Tensor,
  ];
  const output = optimize(lower(optimize([result]), INFERENCE_LOWERING))[0] as Tensor;
  return serializeLowered({ ...description, inputs: [images], outputs: { output } });
}
