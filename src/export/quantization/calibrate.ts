/** @file What the values of a network are on some images: ranges, and means by channel, found by the runtime inside the graph. */

import type { Engine } from '../../engine/engine.js';
import {
  add,
  concat,
  div,
  mul,
  neg,
  reduceMax,
  reduceMean,
  relu,
  reshape,
  slice,
  sub,
  type Tensor,
} from '../../graph/index.js';
import { serializeLowered } from '../../graph/onnx/serialize.js';
import type { NetworkGraph } from '../../inference/network-graph.js';
import { type ConvLayer, roundedTensors } from './layers.js';
import { type Calibration, Rounder, type RoundingOptions } from './quantize-graph.js';
import { type CalibrationMethod, Histogram } from './ranges.js';
import type { Range } from './rounding.js';

/** Inputs of the network, each of its whole batch; can be gone through any number of times. */
export type Batches = AsyncIterable<Float32Array>;

/** Values of a tensor that a run tells of, for histograms. */
const SAMPLES = 16_384;

/** In place of a power of zero. */
const TINY = 1e-20;

/** Where a computation takes place. */
export interface Computer {
  readonly engine: Engine;
  readonly graph: NetworkGraph;
}

/** Looks at all batches, twice where the method needs histograms. */
export async function calibrate(
  computer: Computer,
  layers: readonly ConvLayer[],
  batches: Batches,
  method: CalibrationMethod,
): Promise<Calibration> {
  const tensors = roundedTensors(layers);
  const read = [...new Set(layers.map(({ input }) => input))];
  const { lows, highs, sums, count } = await extremes(computer, tensors, read, batches);
  const full = tensors.map((_, i): Range => ({ low: lows[i]!, high: highs[i]! }));
  const ranges = method === 'minmax' ? full : await byHistogram(computer, tensors, full, batches, method);
  let at = 0;
  const means = read.map((tensor) => {
    const own = sums.subarray(at, at + tensor.shape[1]!);
    at += own.length;
    return Float32Array.from(own, (sum) => sum / count);
  });
  return {
    ranges: new Map(tensors.map((tensor, i) => [tensor, ranges[i]!])),
    means: new Map(read.map((tensor, i) => [tensor, means[i]!])),
  };
}

async function extremes(
  computer: Computer,
  tensors: readonly Tensor[],
  read: readonly Tensor[],
  batches: Batches,
) {
  const high = tensors.map((tensor) => reshape(reduceMax(tensor), [1]));
  const low = tensors.map((tensor) => reshape(neg(reduceMax(neg(tensor))), [1]));
  const mean = read.map((tensor) => reduceMean(tensor, { axes: [0, 2, 3] }));
  const outputs = { high: concat(high, 0), low: concat(low, 0), mean: concat(mean, 0) };
  const lows = new Float32Array(tensors.length).fill(Number.POSITIVE_INFINITY);
  const highs = new Float32Array(tensors.length).fill(Number.NEGATIVE_INFINITY);
  const sums = new Float64Array(outputs.mean.size);
  let count = 0;
  for await (const found of runs(computer, outputs, batches)) {
    found.low!.forEach((value, i) => {
      lows[i] = Math.min(lows[i]!, value);
    });
    found.high!.forEach((value, i) => {
      highs[i] = Math.max(highs[i]!, value);
    });
    found.mean!.forEach((value, i) => {
      sums[i]! += value;
    });
    count += 1;
  }
  return { lows, highs, sums, count };
}

async function byHistogram(
  computer: Computer,
  tensors: readonly Tensor[],
  full: readonly Range[],
  batches: Batches,
  method: Exclude<CalibrationMethod, 'minmax'>,
): Promise<readonly Range[]> {
  const samples = tensors.map(sampled);
  const histograms = full.map((range) => new Histogram(range));
  for await (const found of runs(computer, { samples: concat(samples, 0) }, batches)) {
    let at = 0;
    for (const [i, { size }] of samples.entries()) {
      histograms[i]!.add(found.samples!.subarray(at, at + size));
      at += size;
    }
  }
  return histograms.map((histogram) => histogram.rangeBy(method));
}

/** Values evenly spread over a tensor; an odd step goes through columns, rows and channels alike. */
function sampled(tensor: Tensor): Tensor {
  const step = Math.ceil(tensor.size / SAMPLES);
  return slice(reshape(tensor, [tensor.size]), 0, 0, tensor.size, step % 2 === 0 ? step + 1 : step);
}

/**
 * How much noise rounding one layer alone puts into its result: mean square of the error over that of the result, in the order of the
 * layers. All layers are looked at in one run over the exact network.
 */
export async function noiseOf(
  computer: Computer,
  layers: readonly ConvLayer[],
  batches: Batches,
  options: RoundingOptions,
): Promise<Float64Array> {
  const rounder = new Rounder(options);
  const ratios = layers.map((layer) => {
    const { node, input, output } = layer;
    const exact = output ?? node.outputs[0]!;
    const convolved = rounder.convolution(layer, input);
    const behind = exact === node.outputs[0] ? convolved : relu(convolved);
    // Another one, since what the next layer reads is rounded from the exact value.
    const found = output ? new Rounder(options).round(output, behind) : behind;
    const error = sub(found, exact);
    const power = add(reduceMean(mul(exact, exact)), TINY);
    return reshape(div(reduceMean(mul(error, error)), power), [1]);
  });
  const sums = new Float64Array(layers.length);
  let count = 0;
  for await (const { noise } of runs(computer, { noise: concat(ratios, 0) }, batches)) {
    noise!.forEach((value, i) => {
      sums[i]! += value;
    });
    count += 1;
  }
  return sums.map((sum) => sum / count);
}

/** The values of some outputs for every batch. */
async function* runs(
  { engine, graph }: Computer,
  outputs: Readonly<Record<string, Tensor>>,
  batches: Batches,
): AsyncGenerator<Readonly<Record<string, Float32Array>>> {
  const [fed] = graph.inputs as readonly [Tensor];
  const model = await engine.load(serializeLowered({ inputs: graph.inputs, outputs }));
  try {
    for await (const data of batches) {
      const found = await model.run({ input: { dtype: 'float32', shape: fed.shape, data } });
      yield Object.fromEntries(
        Object.entries(found).map(([name, value]) => [name, value.data as Float32Array]),
      );
    }
  } finally {
    await model.release();
  }
}
