/**
 * @file Finds out whether the kernel library computes what it should on this processor: every operator of it against the
 * plain lowering, on small odd shapes.
 */
import { messageOf } from '../../base/errors.js';
import { fuseChains, fuseLayers } from '../../graph/fusion/fuse.js';
import { repeatFused } from '../../graph/fusion/repeat.js';
import {
  add,
  averagePool,
  batchNorm,
  concat,
  conv,
  createNode,
  floor,
  gelu,
  gradients,
  input,
  lower,
  mul,
  optimize,
  plainLowering,
  reduceSum,
  relu,
  reshape,
  resizeBilinear,
  resizeNearest,
  sigmoid,
  split,
  type Tensor,
} from '../../graph/index.js';
import type { TensorData } from '../../graph/tensor.js';
import { agree, probeModel } from '../providers/probe-model.js';
import type { ProbeModel } from '../providers/provider.js';

/** Relative to the largest value of a result; what is wrong differs by far more. */
const TOLERANCE = 3e-5;
const EPSILON = 1e-3;
/** Of what is fed: sums of waves alone would be too near to zero. */
const OFFSET = 0.1;

/** The graphs whose values are compared; together they have every operator of the library. */
export interface ProbeGraph {
  readonly inputs: readonly Tensor[];
  readonly plain: readonly Tensor[];
  readonly fused: readonly Tensor[];
}

export function probeGraph(): ProbeGraph {
  const inputs: Tensor[] = [];
  const make = (shape: readonly number[]): Tensor => {
    const tensor = input(`x${inputs.length}`, 'float32', shape);
    inputs.push(tensor);
    return tensor;
  };
  const cases = [normed, active, activeAlone, dense, shuffled, lossOfLarge];
  const results = cases.flatMap((build) => withGradients(build(make)));
  const [x, scale, bias] = [make([2, 3, 37]), make([3]), make([3])];
  const norm = batchNorm(x, scale, bias, EPSILON).y;
  const small = optimize([...results, norm]);
  const layers = fuseLayers(small);
  // Norms once more, as where memory is short: one behind a convolution, and one alone.
  const again = (y: Tensor): Tensor => {
    const { sources, compute } = repeatFused(y)!;
    return compute(sources);
  };
  const fused = fuseChains([again(layers[0]!), ...layers.slice(1, -1), again(layers.at(-1)!)], 1);
  return {
    inputs,
    plain: optimize(lower(small, plainLowering)),
    fused: optimize(lower(fused, plainLowering)),
  };
}

type Make = (shape: readonly number[]) => Tensor;

interface Case {
  readonly results: readonly Tensor[];
  readonly variables: readonly Tensor[];
}

/** The results, and the gradients of a sum in which each value has another weight. */
function withGradients({ results, variables }: Case): readonly Tensor[] {
  const loss = results.map((y) => reduceSum(mul(y, mul(y, y)))).reduce((a, b) => add(a, b));
  return [...results, ...gradients(loss, variables)];
}

/** Depthwise with a norm, of stride 2 with ReLU and of stride 1 without, and a norm without a convolution, with a shortcut. */
function normed(make: Make): Case {
  const [x, small, wide, other] = [
    make([2, 5, 19, 21]),
    make([5, 1, 3, 3]),
    make([5, 1, 3, 5]),
    make([3, 4, 35]),
  ];
  const parameters = [5, 5, 5, 5, 4, 4].map((channels) => make([channels]));
  const [s1, b1, s2, b2, s3, b3] = parameters as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const first = relu(batchNorm(conv(x, small, { groups: 5, stride: 2, padding: 1 }), s1, b1, EPSILON).y);
  const second = batchNorm(conv(first, wide, { groups: 5, padding: [1, 2] }), s2, b2, EPSILON).y;
  const third = add(relu(batchNorm(other, s3, b3, EPSILON).y), other);
  return { results: [second, third], variables: [x, small, wide, other, ...parameters] };
}

/** Depthwise with bias and GELU, behind a layer with a bias. */
function active(make: Make): Case {
  const [x, w, b] = [make([2, 3, 11, 18]), make([3, 1, 5, 5]), make([3])];
  const [mix, before] = [make([3, 3, 1, 1]), make([3])];
  const mixed = conv(x, mix, { bias: before });
  const y = gelu(conv(mixed, w, { groups: 3, padding: 2, bias: b }));
  return { results: [y], variables: [x, w, b, mix, before] };
}

/** A strip without anything behind it, and GELU alone. */
function activeAlone(make: Make): Case {
  const [x, w] = [make([1, 4, 9, 17]), make([4, 1, 1, 7])];
  return { results: [conv(gelu(x), w, { groups: 4, padding: [0, 3] })], variables: [x, w] };
}

/** Dense filters, of stride 2 from few channels and of stride 1 from several. */
function dense(make: Make): Case {
  const [x, first, second] = [make([2, 3, 13, 21]), make([17, 3, 3, 3]), make([5, 17, 3, 3])];
  const y = conv(conv(x, first, { stride: 2, padding: 1 }), second, { padding: 1 });
  return { results: [y], variables: [x, first, second] };
}

/** The loss of enlarged logits, with labels beside the classes. */
function lossOfLarge(make: Make): Case {
  const [x, waves] = [make([2, 3, 9, 17]), make([2, 27, 34])];
  const labels = floor(mul(waves, 3));
  const weights = [1, 0.5, 2];
  const y = createNode('crossEntropy', [resizeBilinear(x, [27, 34]), labels], { weights })[0]!;
  return { results: [y], variables: [x] };
}

/** Halves, gates, upsampling, pooling and a shuffle. */
function shuffled(make: Make): Case {
  const [x, gate, coarse] = [make([2, 6, 8, 12]), make([2, 3, 1, 1]), make([2, 3, 2, 3])];
  const [first, second] = split(x, [3, 3], 1) as [Tensor, Tensor];
  const gated = mul(second, sigmoid(gate));
  const joined = [first, add(gated, resizeNearest(coarse, [8, 12]))];
  const stacked = concat(
    joined.map((part) => reshape(part, [2, 3, 1, 8, 12])),
    2,
  );
  const y = relu(reshape(stacked, [2, 6, 8, 12]));
  // Read by several, and stored by none.
  const scaled = concat([split(y, [2, 4], 1)[1]!, mul(first, gate)], 1);
  return {
    results: [y, averagePool(scaled, [4, 4]), mul(scaled, 0.5)],
    variables: [x, gate, coarse],
  };
}

/**
 * Why the library must not be used; undefined where everything is as it should be.
 *
 * @param run runs a model with the library and gives its outputs in the order of the binding
 */
export async function probeKernels(
  run: (probe: ProbeModel) => Promise<readonly TensorData[]>,
): Promise<string | undefined> {
  const { inputs, plain, fused } = probeGraph();
  const probe = probeModel(inputs, [...plain, ...fused], OFFSET);
  try {
    const values = (await run(probe)) as readonly Float32Array[];
    const wrong = plain.findIndex((_, i) => !agree(values[i]!, values[plain.length + i]!, TOLERANCE));
    return wrong < 0 ? undefined : 'the library of fused kernels computes other values than the runtime';
  } catch (error) {
    return `the library of fused kernels cannot be used: ${messageOf(error)}`;
  }
}
