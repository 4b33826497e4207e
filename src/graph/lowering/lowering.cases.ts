/**
 * @file The cases that every lowering table must get right, whatever provider it is for: semantic operators on the
 * geometries where lowerings differ. tests/graph/lowering.test.ts runs each case through each table that ships.
 */
import {
  add,
  averagePool,
  batchNorm,
  conv,
  floor,
  gelu,
  input,
  mul,
  positive,
  reduceSum,
  relu,
  resizeBilinear,
  resizeNearest,
  upperQuantile,
} from '../builders.js';
import { gradients } from '../gradients.js';
import { createNode, type Shape, type Tensor } from '../tensor.js';
import { type ConvGeometry, convGeometries, wideGeometries } from './conv-geometries.cases.js';

export { type ConvGeometry, convGeometries };

export interface LoweringCase {
  readonly name: string;
  readonly outputs: readonly Tensor[];
  /** Inputs to fill with values well above zero, where others would leave little but rounding errors to compare. */
  readonly positive?: readonly string[];
}

const float = (name: string, shape: Shape): Tensor => input(name, 'float32', shape);

/** The convolution and both its gradients for one output gradient, in one graph as in a training step. */
function convolutionCase({ name, x, weight, options }: ConvGeometry): LoweringCase {
  const [xs, ws] = [float('x', x), float('weight', weight)];
  const y = conv(xs, ws, options);
  const loss = reduceSum(mul(y, float('dy', y.shape)));
  return { name: `conv and gradients, ${name}`, outputs: [y, ...gradients(loss, [xs, ws])] };
}

/** A gradient that does not come from a sum over y alone, so that no pass can see through it. */
function batchNormCase(shape: Shape, epsilon: number, mean = 0): LoweringCase {
  const channels = [shape[1]!];
  const [x, scale, bias] = [float('x', shape), float('scale', channels), float('bias', channels)];
  // A multiple of what single precision holds of it, so that the sum itself is no matter of rounding.
  const far = mean === 0 ? x : add(mul(floor(mul(x, 1024)), 1 / 1024), mean);
  const norm = batchNorm(far, scale, bias, epsilon);
  const loss = reduceSum(mul(norm.y, float('dy', shape)));
  return {
    name: `batchNorm and gradients of [${shape}], epsilon ${epsilon}${mean === 0 ? '' : `, mean ${mean}`}`,
    outputs: [
      norm.y,
      norm.mean,
      norm.variance,
      ...gradients(loss, mean === 0 ? [x, scale, bias] : [far, scale]),
    ],
  };
}

/**
 * Many normalisations of equal channel count in one graph. A runtime that writes statistics over shared inputs, or merges
 * the constants that feed them, keeps y right and spoils the gradients. The statistics stay inside the graph: where they
 * are outputs, the runtime does not write them in place.
 */
function manyNormsCase(channels: number, count: number): LoweringCase {
  const x = float('x', [2, channels, 3, 4]);
  const vectors: Tensor[] = [];
  let y = x;
  for (let i = 0; i < count; i++) {
    const [scale, bias] = [float(`scale${i}`, [channels]), float(`bias${i}`, [channels])];
    const norm = batchNorm(y, scale, bias, 1e-5);
    vectors.push(scale, bias);
    y = add(relu(norm.y), mul(y, 0.5));
  }
  const loss = reduceSum(mul(y, float('dy', y.shape)));
  return {
    name: `${count} batchNorms of ${channels} channels keep their statistics apart`,
    outputs: [y, ...gradients(loss, [x, ...vectors])],
    positive: Array.from({ length: count }, (_, i) => `scale${i}`),
  };
}

function resizeCase(
  kind: 'nearest' | 'bilinear' | 'bilinear with aligned corners',
  from: readonly [number, number],
  to: readonly [number, number],
): LoweringCase {
  const x = float('x', [2, 3, ...from]);
  const y = kind === 'nearest' ? resizeNearest(x, to) : resizeBilinear(x, to, kind !== 'bilinear');
  const loss = reduceSum(mul(y, float('dy', y.shape)));
  return {
    name: `resize ${kind} and gradient, ${from.join('x')} to ${to.join('x')}`,
    outputs: [y, ...gradients(loss, [x])],
  };
}

function geluCase(): LoweringCase {
  const [x, dy] = [float('x', [200]), float('dy', [200])];
  return { name: 'gelu and gradient', outputs: [gelu(x), ...gradients(reduceSum(mul(gelu(x), dy)), [x])] };
}

/** Labels beside the classes are among those that are fed. */
function crossEntropyCase(weights: readonly number[]): LoweringCase {
  const [logits, places] = [float('logits', [2, 4, 5, 7]), float('places', [2, 5, 7])];
  const [loss] = createNode('crossEntropy', [logits, floor(mul(places, 3))], { weights });
  return {
    name: `cross entropy and gradient, ${weights.length} weights`,
    outputs: [loss!, ...gradients(mul(loss!, loss!), [logits])],
  };
}

function poolCase(kernel: readonly [number, number]): LoweringCase {
  const x = float('x', [2, 3, 4 * kernel[0], 5 * kernel[1]]);
  const y = averagePool(x, kernel);
  const loss = reduceSum(mul(y, float('dy', y.shape)));
  return { name: `averagePool ${kernel.join('x')} and gradient`, outputs: [y, ...gradients(loss, [x])] };
}

/** Rows as long as in the networks; the gradient of an enlargement is a pooling too. */
function wideMapCase(channels: number): LoweringCase {
  const x = float('x', [2, channels, 4, 128]);
  const small = float('small', [2, channels, 2, 64]);
  const pools = (
    [
      [2, 2],
      [4, 4],
      [1, 8],
    ] as const
  ).map((kernel) => averagePool(x, kernel));
  const loss = reduceSum(mul(resizeNearest(small, [4, 128]), x));
  return {
    name: `averagePools of one wide map with ${channels} channels`,
    outputs: [...pools, ...gradients(loss, [small])],
  };
}

/** Long sums of products, which may be computed as dot products. */
function dotCase(shape: Shape, axes: readonly number[], keepDims: boolean): LoweringCase {
  const product = mul(float('a', shape), float('b', shape));
  return {
    name: `Σ a·b over axes [${axes}] of [${shape}]${keepDims ? ', kept' : ''}`,
    outputs: [reduceSum(product, { axes, keepDims })],
    positive: ['a', 'b'],
  };
}

const resizes: readonly (readonly [readonly [number, number], readonly [number, number]])[] = [
  [
    [4, 5],
    [8, 10],
  ],
  [
    [4, 5],
    [16, 15],
  ],
  [
    [4, 5],
    [7, 6],
  ],
  [
    [3, 7],
    [10, 9],
  ],
  [
    [8, 12],
    [4, 6],
  ],
  [
    [9, 12],
    [3, 4],
  ],
  [
    [8, 9],
    [2, 4],
  ],
  [
    [7, 10],
    [5, 13],
  ],
  [
    [16, 16],
    [2, 1],
  ],
  [
    [1, 1],
    [4, 3],
  ],
  [
    [5, 1],
    [5, 4],
  ],
  [
    [4, 5],
    [16, 20],
  ],
  [
    [2, 3],
    [16, 24],
  ],
];

/** Fresh nodes for every case. */
function quantileCase(length: number, share: number): LoweringCase {
  return {
    name: `upper quantile ${share} of ${length}`,
    outputs: [upperQuantile(float('x', [length]), share)],
  };
}

export const loweringCases = (): LoweringCase[] => [
  ...[...convGeometries, ...wideGeometries].map(convolutionCase),
  batchNormCase([3, 4, 5, 3], 1e-5),
  batchNormCase([1, 7, 4, 5], 1e-5),
  batchNormCase([2, 16, 3, 3], 1e-3),
  batchNormCase([5, 3], 1e-5),
  batchNormCase([2, 3, 64, 64], 1e-5),
  batchNormCase([2, 5, 48, 100], 1e-3),
  batchNormCase([2, 3, 64, 64], 1e-5, 100),
  batchNormCase([2, 3, 20, 20], 1e-5, 100),
  ...[2, 4, 7, 8, 9, 16].map((channels) => manyNormsCase(channels, 6)),
  ...resizes.flatMap(([from, to]) => [
    resizeCase('nearest', from, to),
    resizeCase('bilinear', from, to),
    resizeCase('bilinear with aligned corners', from, to),
  ]),
  { name: 'positive', outputs: [positive(float('x', [3, 50]))] },
  geluCase(),
  crossEntropyCase([]),
  crossEntropyCase([2, 0.5, 1, 0]),
  ...(
    [
      [2, 2],
      [4, 4],
      [3, 1],
      [1, 5],
      [4, 2],
      [5, 3],
    ] as const
  ).map(poolCase),
  ...[0, 0.1, 0.25, 0.5, 1 - 2 ** -24].map((share) => quantileCase(23, share)),
  quantileCase(1, 0.3),
  quantileCase(2, 0.75),
  wideMapCase(2),
  wideMapCase(3),
  wideMapCase(20),
  dotCase([2, 3, 64, 80], [2, 3], false),
  dotCase([2, 3, 64, 80], [0, 2, 3], true),
  dotCase([2, 3, 5000], [2], true),
  dotCase([4, 5, 60, 70], [0, 1, 2, 3], false),
  dotCase([2, 40, 30, 3], [1, 2], false),
  dotCase([3, 5000], [0, 1], false),
];
