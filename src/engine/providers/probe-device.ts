/** @file The graph on which a graphics processor is tried: a small network with its gradients, in the operators of a training step. */
import {
  add,
  averagePool,
  batchNorm,
  concat,
  conv,
  gelu,
  gradients,
  type Halves,
  input,
  lower,
  matMul,
  mixedPrecision,
  mul,
  optimize,
  reduceMean,
  relu,
  reshape,
  resizeBilinear,
  resizeNearest,
  sigmoid,
  softmax,
  split,
  type Tensor,
} from '../../graph/index.js';
import { gpuLowering, gpuProducts } from '../../graph/lowering/gpu.js';
import { probeModel } from './probe-model.js';
import type { ProbeModel } from './provider.js';

const CHANNELS = 6;
const SIDE = 8;

/**
 * One flat vector of weights, cut into more parts than one kernel can write.
 * @param halves in mixed precision, and how. Default: in float32.
 */
export function probeDevice(halves?: Halves): ProbeModel {
  const x = input('x', 'float32', [2, 3, 2 * SIDE, 2 * SIDE]);
  const shapes = [
    [CHANNELS, 3, 3, 3],
    ...new Array(4).fill([CHANNELS]),
    [CHANNELS, 1, 3, 3],
    ...new Array(4).fill([CHANNELS]),
    [CHANNELS, CHANNELS, 1, 1],
  ] as readonly (readonly number[])[];
  const sizes = shapes.map((shape) => shape.reduce((product, side) => product * side, 1));
  const weights = input('weights', 'float32', [sizes.reduce((sum, size) => sum + size, 0)]);
  const parts = split(weights, sizes, 0).map((part, i) => reshape(part, shapes[i]!));
  const y = network(x, parts);
  const loss = reduceMean(mul(y, y));
  const results = [loss, y, ...gradients(loss, [weights, x])];
  const optimized = optimize(results);
  const mixed = halves ? mixedPrecision(optimized, halves) : optimized;
  const lowered = lower(optimize(lower(mixed, gpuLowering)), gpuProducts);
  return probeModel([x, weights], lowered, 0.1);
}

function network(x: Tensor, parts: readonly Tensor[]): Tensor {
  const [stem, s1, b1, s2, b2, depthwise, gate, shift, , , mix] = parts as [
    Tensor,
    Tensor,
    Tensor,
    ...Tensor[],
  ];
  const perChannel = (vector: Tensor) => reshape(vector, [1, CHANNELS, 1, 1]);
  const first = relu(batchNorm(conv(x, stem, { stride: 2, padding: 1 }), s1, b1!, 1e-3).y);
  const second = batchNorm(conv(first, depthwise!, { groups: CHANNELS, padding: 1 }), s2!, b2!, 1e-3).y;
  const pooled = averagePool(second, [4, 4]);
  const gated = mul(gelu(second), sigmoid(add(resizeNearest(pooled, [SIDE, SIDE]), perChannel(gate!))));
  const mixed = conv(concat([gated], 1), mix!);
  const flat = reshape(add(mixed, perChannel(shift!)), [2, CHANNELS, SIDE * SIDE]);
  const attention = softmax(matMul(flat, flat, { transB: true, alpha: 0.1 }), -1);
  const attended = reshape(matMul(attention, flat), [2, CHANNELS, SIDE, SIDE]);
  return resizeBilinear(add(attended, mixed), [2 * SIDE, 2 * SIDE]);
}
