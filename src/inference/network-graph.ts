/** @file A trained network as a lowered graph, in the form that segments fastest: what exported files are written from. */

import { OtxError } from '../base/errors.js';
import { PIXEL_MEAN, PIXEL_STD } from '../data/transforms/normalize.js';
import {
  add,
  argMax,
  cast,
  concat,
  constant,
  div,
  firstOf,
  input,
  type LoweringTable,
  less,
  lower,
  mul,
  optimize,
  plainLowering,
  plainProduct,
  poolByInterpolation,
  reduceMax,
  reduceMean,
  resizeBilinear,
  resizeByDoubling,
  scalar,
  softmax,
  sub,
  type Tensor,
  take,
  transpose,
  where,
} from '../graph/index.js';
import { eliminateCommonSubexpressions } from '../graph/passes/common-subexpressions.js';
import type { Backbone } from '../models/index.js';
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

/** What a graph is made of. */
export interface NetworkSource extends Pick<TrainedModel, 'model' | 'state' | 'inputSize'> {}

/** What a network is fed with. */
export interface InputForm {
  /** `outside`: values are (pixel - mean) / std; `inside`: values are pixels, 0 to 255. Default outside. */
  readonly normalisation?: 'outside' | 'inside' | undefined;
  /** Order of the axes: planes, or the colours of a pixel side by side. Default nchw. */
  readonly layout?: 'nchw' | 'nhwc' | undefined;
  /** Order of the colours. Default rgb. */
  readonly channels?: 'rgb' | 'bgr' | undefined;
}

/** Samples that a graph mixes are told apart from one sample only where there are two of them. */
export const TRACED_BATCH = 2;

/** The form of a graph. */
export interface NetworkForm extends InputForm {
  /**
   * What `output` is: float32 [N, K, H, W], or the best class of each pixel, uint8 [N, H, W]. Default probabilities; of several scales
   * these alone have a mean of use.
   */
  readonly output?: 'probabilities' | 'logits' | 'labels' | undefined;
  /** Of labels: pixels whose best class is less probable are class 0. Default none. */
  readonly threshold?: number | undefined;
  /** Of the network, for an output `feature_vector` besides: the means of all its maps, float32 [N, C, 1, 1]. Default: none. */
  readonly backbone?: Backbone | undefined;
  /** Images at once. A batch size may be left open where the graph is built for 2 or more. Default 1. */
  readonly batch?: number | undefined;
  /** Sizes at which it sees what it is given, as shares of that; what it says is averaged. Default: 1 alone. */
  readonly scales?: readonly number[] | undefined;
}

/** A lowered graph between named values: all its operators have a form in the ONNX standard. */
export interface NetworkGraph {
  /** The input `input` alone. */
  readonly inputs: readonly Tensor[];
  readonly outputs: Readonly<Record<string, Tensor>>;
}

/**
 * A trained network with its weights as constants, batch norm folded into the convolutions.
 *
 * Input `input` float32 [N, 3, H, W], or [N, H, W, 3].
 * @throws OtxError `usage` for logits or labels at several scales.
 */
export function networkGraph(source: NetworkSource, form: NetworkForm = {}): NetworkGraph {
  const { model, state, inputSize } = source;
  const { output: gives = 'probabilities', batch = 1, scales = [1], threshold, backbone } = form;
  if (gives !== 'probabilities' && scales.length > 1) {
    throw new OtxError('usage', `${gives} at several scales have no mean of use; ask for probabilities`);
  }
  const fed = inputOf(inputSize, batch, form);
  const images = normalised(fed, form);
  const store = new ConstantStore(state);
  const answers = scales.map((scale) => {
    const { width, height } = sizeAtScale(inputSize, scale);
    const logits = model(new Scope(store, false), resizeBilinear(images, [height, width]));
    const fullSize = resizeBilinear(logits, [inputSize.height, inputSize.width]);
    if (gives === 'labels') return labelsOf(fullSize, threshold);
    return gives === 'logits' ? fullSize : softmax(fullSize, 1);
  });
  const sum = answers.reduce((sum, answer) => add(sum, answer));
  const results = [scales.length > 1 ? mul(sum, 1 / scales.length) : sum];
  if (backbone) {
    const maps = backbone(new Scope(store, false).child('backbone'), images);
    results.push(
      concat(
        maps.map((map) => reduceMean(map, { axes: [2, 3], keepDims: true })),
        1,
      ),
    );
  }
  const [output, features] = lowered(results) as [Tensor, Tensor?];
  return { inputs: [fed], outputs: { output, ...(features && { feature_vector: features }) } };
}

function labelsOf(logits: Tensor, threshold: number | undefined): Tensor {
  const best = argMax(logits, 1);
  if (threshold === undefined) return cast(best, 'uint8');
  const probability = reduceMax(softmax(logits, 1), { axes: [1] });
  return cast(where(less(probability, threshold), scalar(0, 'int64'), best), 'uint8');
}

/** Equal subgraphs are joined before weights are folded, which makes new ones: so scales share theirs. */
function lowered(results: readonly Tensor[]): readonly Tensor[] {
  const joined = eliminateCommonSubexpressions(results);
  const small = optimize(lower(optimize(joined), INFERENCE_LOWERING));
  // Last, because the passes put factors into products.
  return lower(small, { matMul: plainProduct });
}

function inputOf({ width, height }: TrainedModel['inputSize'], batch: number, { layout }: InputForm): Tensor {
  const shape = layout === 'nhwc' ? [batch, height, width, 3] : [batch, 3, height, width];
  return input('input', 'float32', shape);
}

/** Planes of normalised RGB, whatever the network is fed with. */
function normalised(fed: Tensor, { normalisation, layout, channels }: InputForm): Tensor {
  const planes = layout === 'nhwc' ? transpose(fed, [0, 3, 1, 2]) : fed;
  const rgb = channels === 'bgr' ? take(planes, 1, [2, 1, 0]) : planes;
  return normalisation === 'inside' ? normalisedPixels(rgb) : rgb;
}

/** Of pixels, 0 to 255, in planes of red, green and blue, what networks are fed with. */
export function normalisedPixels(rgb: Tensor): Tensor {
  const [mean, std] = [PIXEL_MEAN, PIXEL_STD].map((values) => constant([...values], [1, 3, 1, 1]));
  return div(sub(rgb, mean!), std!);
}
