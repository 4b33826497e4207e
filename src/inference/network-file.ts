/** @file A trained network as the bytes of an ordinary ONNX file, in the form that segments fastest: exported, or run right away. */

import {
  firstOf,
  input,
  type LoweringTable,
  lower,
  optimize,
  plainLowering,
  poolByInterpolation,
  resizeByDoubling,
  softmax,
  type Tensor,
} from '../graph/index.js';
import { type ModelDescription, serializeLowered } from '../graph/onnx/serialize.js';
import { fullSizeLogits } from '../methods/supervised.js';
import { ConstantStore, Scope } from '../nn/index.js';
import type { TrainedModel } from './trained-model.js';

/**
 * Standard operators only, in the forms for which ONNX Runtime has its fastest kernels: Lite-HRNets gain a fifth to a third.
 * Where weights are constants, the runtime makes more of these than of the lowerings for training steps.
 */
const INFERENCE_LOWERING: LoweringTable = {
  ...plainLowering,
  averagePool: poolByInterpolation,
  resizeNearest: firstOf(resizeByDoubling, plainLowering.resizeNearest!),
};

/**
 * Input `input` float32 [1, 3, H, W], output `output` float32 [1, K, H, W]: probabilities, or logits.
 * @param gives default probabilities.
 */
export function encodeNetwork(
  { model, state, inputSize }: Pick<TrainedModel, 'model' | 'state' | 'inputSize'>,
  description: Omit<ModelDescription, 'inputs' | 'outputs'> = {},
  gives: 'probabilities' | 'logits' = 'probabilities',
): Uint8Array {
  const images = input('input', 'float32', [1, 3, inputSize.height, inputSize.width]);
  const logits = fullSizeLogits(model, new Scope(new ConstantStore(state), false), images);
  const result = gives === 'logits' ? logits : softmax(logits, 1);
  const output = optimize(lower(optimize([result]), INFERENCE_LOWERING))[0] as Tensor;
  return serializeLowered({ ...description, inputs: [images], outputs: { output } });
}
