/**
 * @file Finds out at start-up whether the runtime's blocked layout works on this processor, by computing convolutions
 * and means both ways. The layout is internal to the runtime: its block size depends on the processor, and another
 * version of the runtime may change or drop it. Anything unexpected means: do without.
 */
import {
  averagePool,
  type BlockSize,
  batchNorm,
  blockedBatchNormGradient,
  blockedDense,
  blockedDepthwise,
  blockedPool,
  type ConvOptions,
  conv,
  firstOf,
  gradients,
  input,
  lower,
  mul,
  optimize,
  plainLowering,
  reduceSum,
  type Shape,
} from '../../graph/index.js';
import type { TensorData } from '../../graph/tensor.js';
import type { CpuCapabilities } from './cpu.js';
import { agree, probeModel } from './probe-model.js';
import type { ProbeModel } from './provider.js';

/** Runs a probe and gives its outputs; rejects where the runtime refuses it. */
export type CpuProbeRunner = (probe: ProbeModel) => Promise<readonly TensorData[]>;

const BLOCK_SIZES: readonly BlockSize[] = [16, 8];

/** Relative to the largest value; sums of a few hundred products differ by far less, a wrong layout by far more. */
const TOLERANCE = 1e-5;

/** Seven channels in four images: neither 8 nor 16 divides 28, so the filling of the last block is tested too. */
const IMAGES = 4;
const CHANNELS = 7;

export async function probeCpu(run: CpuProbeRunner): Promise<CpuCapabilities> {
  for (const block of BLOCK_SIZES) if (await works(block, run)) return { block };
  return {};
}

async function works(block: BlockSize, run: CpuProbeRunner): Promise<boolean> {
  const cases = [
    depthwiseGraph('even', [8, 10], 3, 2),
    depthwiseGraph('odd', [9, 7], 5, 1),
    probeGraph('dense', [2, block, 6, 8], [2 * block, block, 3, 3], { stride: 2, padding: 1 }),
    poolGraph(),
    normGraph(),
  ];
  const inputs = cases.flatMap((graph) => graph.inputs);
  const results = cases.flatMap((graph) => graph.results);
  const depthwise = blockedDepthwise(block);
  const dense = blockedDense(block);
  const blocked = lower(results, {
    ...plainLowering,
    averagePool: blockedPool(block),
    batchNormGrad: firstOf(blockedBatchNormGradient(block), plainLowering.batchNormGrad!),
    batchNorm: plainLowering.batchNorm!,
    conv: firstOf(depthwise.forward, dense.forward),
    convInputGrad: firstOf(depthwise.inputGrad, dense.inputGrad),
    convWeightGrad: firstOf(depthwise.weightGrad, plainLowering.convWeightGrad!),
  });
  const plain = optimize(lower(results, plainLowering));
  const probe = probeModel(inputs, [...plain, ...optimize(blocked)]);
  try {
    const values = (await run(probe)) as readonly Float32Array[];
    return results.every((_, i) => agree(values[i]!, values[results.length + i]!, TOLERANCE));
  } catch {
    return false;
  }
}

function depthwiseGraph(name: string, size: readonly [number, number], kernel: number, stride: number) {
  const padding = (kernel - 1) / 2;
  return probeGraph(name, [IMAGES, CHANNELS, ...size], [CHANNELS, 1, kernel, kernel], {
    groups: CHANNELS,
    stride,
    padding,
  });
}

/** A convolution with bias and its gradients: all three forms, seen from one scalar. */
function probeGraph(name: string, x: Shape, weight: Shape, options: ConvOptions) {
  const inputs = [
    input(`${name} x`, 'float32', x),
    input(`${name} weight`, 'float32', weight),
    input(`${name} bias`, 'float32', [weight[0]!]),
  ] as const;
  const y = conv(inputs[0], inputs[1], { ...options, bias: inputs[2] });
  return { inputs, results: [y, ...gradients(reduceSum(mul(y, y)), [inputs[0], inputs[1]])] };
}

/** Wide enough for the blocked form to be chosen. */
function poolGraph() {
  const x = input('pool x', 'float32', [IMAGES, CHANNELS, 4, 128]);
  return { inputs: [x], results: [averagePool(x, [2, 4])] };
}

/** Planes as large as those whose maps of channels are convolutions. */
function normGraph() {
  const inputs = [
    input('norm x', 'float32', [2, 3, 64, 64]),
    input('norm dy', 'float32', [2, 3, 64, 64]),
    input('norm scale', 'float32', [3]),
    input('norm bias', 'float32', [3]),
  ] as const;
  const [x, dy, scale, bias] = inputs;
  const { y } = batchNorm(x, scale, bias, 1e-3);
  return { inputs, results: gradients(reduceSum(mul(y, dy)), [x, scale, bias]) };
}
