/**
 * @file A float64 interpreter of the operator vocabulary, written to be obviously right rather than fast. It is the
 * oracle of the graph tests: optimised graphs, gradients and what ONNX Runtime computes are all held against it.
 */
import { convOutputSize } from '../../src/graph/shape-rules.js';
import {
  type AnyNode,
  type Node,
  reachableNodes,
  type Shape,
  sizeOf,
  type Tensor,
} from '../../src/graph/tensor.js';
import type { ConvAttributes, OpName } from '../../src/graph/vocabulary.js';

/** Integers and booleans are held as float64 too. */
interface Value {
  readonly shape: Shape;
  readonly data: Float64Array;
}

type Rule<O extends OpName> = (node: Node<O>, inputs: readonly Value[]) => readonly Float64Array[];

/** Values of `outputs`, given those of the named inputs. */
export function interpret(
  outputs: readonly Tensor[],
  feeds: Readonly<Record<string, ArrayLike<number>>>,
): Float64Array[] {
  const known = new Map<Tensor, Float64Array>();
  for (const node of reachableNodes(outputs)) {
    const inputs = node.inputs.map((x) => ({ shape: x.shape, data: known.get(x)! }));
    const results = node.op === 'input' ? [feed(node.attributes.name, feeds)] : apply(node, inputs);
    node.outputs.forEach((y, i) => {
      if (results[i]!.length !== y.size)
        throw new Error(`${node.op}: ${results[i]!.length} values for [${y.shape}]`);
      known.set(y, results[i]!);
    });
  }
  return outputs.map((y) => known.get(y)!);
}

function feed(name: string, feeds: Readonly<Record<string, ArrayLike<number>>>): Float64Array {
  const data = feeds[name];
  if (!data) throw new Error(`nothing is fed to ${name}`);
  return Float64Array.from(data);
}

function apply(node: AnyNode, inputs: readonly Value[]): readonly Float64Array[] {
  return (rules[node.op] as (node: Node, inputs: readonly Value[]) => readonly Float64Array[])(
    node as Node,
    inputs,
  );
}

/** An array of `shape` whose values are a function of their coordinates. */
function build(shape: Shape, valueAt: (at: readonly number[]) => number): Float64Array {
  const at = new Array<number>(shape.length).fill(0);
  const values = new Float64Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) {
    values[i] = valueAt(at);
    for (let axis = shape.length - 1; axis >= 0 && ++at[axis]! === shape[axis]; axis--) at[axis] = 0;
  }
  return values;
}

/** The value at `at`, of which surplus leading coordinates are dropped and those along axes of size 1 read as 0. */
function read({ shape, data }: Value, at: readonly number[]): number {
  const lead = at.length - shape.length;
  let index = 0;
  for (let axis = 0; axis < shape.length; axis++)
    index = index * shape[axis]! + (shape[axis] === 1 ? 0 : at[axis + lead]!);
  return data[index]!;
}

/** x / scale + zero point as a whole number that the type holds. */
function roundedAt(
  at: readonly number[],
  type: string,
  axis: number,
  [x, scale, zero]: readonly [Value, Value, Value],
): number {
  const [lowest, highest] = type === 'int8' ? [-128, 127] : [0, 255];
  const channel = scale.shape.length === 0 ? [] : [at[axis]!];
  const exact = read(x, at) / read(scale, channel);
  const tie = Math.abs(exact % 1) === 0.5;
  const rounded = tie ? 2 * Math.round(exact / 2) : Math.round(exact);
  return Math.min(Math.max(rounded + read(zero, channel), lowest!), highest!);
}

const replaced = (at: readonly number[], axis: number, coordinate: number): number[] =>
  at.map((c, i) => (i === axis ? coordinate : c));

const unary =
  (f: (x: number) => number) =>
  (_: Node, [x]: readonly Value[]): Float64Array[] => [x!.data.map(f)];

const elementwise =
  (f: (...values: number[]) => number) =>
  (node: Node, inputs: readonly Value[]): Float64Array[] => {
    const { shape } = node.outputs[0]!;
    const isWhole = inputs.every((x) => x.shape.join() === shape.join());
    if (!isWhole) return [build(shape, (at) => f(...inputs.map((x) => read(x, at))))];
    const [first, second, ...others] = inputs.map(({ data }) => data);
    if (second && others.length === 0) return [first!.map((value, i) => f(value, second[i]!))];
    return [first!.map((_, i) => f(...inputs.map(({ data }) => data[i]!)))];
  };

const reduction =
  (f: (values: number[]) => number) =>
  (node: Node<'reduceSum' | 'reduceMean' | 'reduceMax'>, [x]: readonly Value[]): Float64Array[] => {
    const kept = x!.shape.map((d, i) => (node.attributes.axes.includes(i) ? 1 : d));
    return [
      build(kept, (at) => {
        const values: number[] = [];
        build(
          x!.shape.map((d, i) => (kept[i] === d ? 1 : d)),
          (inner) =>
            values.push(
              read(
                x!,
                at.map((c, i) => c + inner[i]!),
              ),
            ),
        );
        return f(values);
      }),
    ];
  };

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** erf by its Taylor series near 0 and the continued fraction of erfc beyond; about 1e-13. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 2.5) {
    let term = x;
    let total = x;
    for (let n = 1; Math.abs(term) > 1e-18; n++) {
      term *= (-x * x) / n;
      total += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * total;
  }
  let fraction = 0;
  for (let n = 80; n > 0; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
}

const cumulative = (x: number): number => 0.5 * (1 + erf(x * Math.SQRT1_2));
const density = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/** Calls `tap(x index, weight index, y index)` for every product that the convolution x * weight → y sums. */
function forEachTap(
  { strides, pads, dilations, group }: ConvAttributes,
  x: Shape,
  weight: Shape,
  tap: (x: number, weight: number, y: number) => void,
): void {
  const [n, channels, h, w] = x as [number, number, number, number];
  const [out, perGroup, kh, kw] = weight as [number, number, number, number];
  const [oh, ow] = convOutputSize([h, w], [kh, kw], { strides, pads, dilations, group });
  let y = 0;
  for (let image = 0; image < n; image++)
    for (let o = 0; o < out; o++) {
      const firstChannel = image * channels + Math.floor(o / (out / group)) * perGroup;
      for (let i = 0; i < oh; i++)
        for (let j = 0; j < ow; j++, y++)
          for (let ki = 0; ki < kh; ki++) {
            const row = i * strides[0] + ki * dilations[0] - pads[0];
            if (row < 0 || row >= h) continue;
            for (let kj = 0; kj < kw; kj++) {
              const column = j * strides[1] + kj * dilations[1] - pads[1];
              if (column < 0 || column >= w) continue;
              for (let c = 0; c < perGroup; c++) {
                const from = ((firstChannel + c) * h + row) * w + column;
                tap(from, ((o * perGroup + c) * kh + ki) * kw + kj, y);
              }
            }
          }
    }
}

/** Values of each channel of [N, C, ...]. */
function channelsOf({ shape, data }: Value): number[][] {
  const inner = sizeOf(shape.slice(2));
  const result: number[][] = Array.from({ length: shape[1]! }, () => []);
  data.forEach((value, i) => {
    result[Math.floor(i / inner) % shape[1]!]!.push(value);
  });
  return result;
}

/** The inverse of `channelsOf`: value `index` of channel `c` is valueAt(c, index). */
function fromChannels(shape: Shape, valueAt: (channel: number, index: number) => number): Float64Array {
  const inner = sizeOf(shape.slice(2));
  return new Float64Array(sizeOf(shape)).map((_, i) => {
    const map = Math.floor(i / inner);
    const image = Math.floor(map / shape[1]!);
    return valueAt(map % shape[1]!, image * inner + (i % inner));
  });
}

const mean = (values: readonly number[]): number => sum(values) / values.length;

/** The logits of one pixel of [N, K, H, W], counted through all images. */
function scoresOf({ shape, data }: Value, pixel: number): number[] {
  const [, classes, h, w] = shape as [number, number, number, number];
  const first = Math.floor(pixel / (h * w)) * classes * h * w + (pixel % (h * w));
  return Array.from({ length: classes }, (_, k) => data[first + k * h * w]!);
}

const rules: { readonly [O in OpName]: Rule<O> } = {
  input: () => {
    throw new Error('inputs are fed');
  },
  constant: ({ attributes }) => [Float64Array.from(attributes.data as ArrayLike<number | bigint>, Number)],

  neg: unary((x) => -x),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  reciprocal: unary((x) => 1 / x),
  abs: unary(Math.abs),
  erf: unary(erf),
  floor: unary(Math.floor),
  relu: unary((x) => Math.max(x, 0)),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  tanh: unary(Math.tanh),
  gelu: unary((x) => x * cumulative(x)),
  geluGrad: elementwise((dy, x) => dy! * (cumulative(x!) + x! * density(x!))),
  positive: unary((x) => (x > 0 ? 1 : 0)),
  not: unary((x) => 1 - x),
  stopGradient: unary((x) => x),
  cast: ({ attributes: { to } }, [x]) => {
    if (to === 'float32') return [x!.data];
    return [to === 'bool' ? x!.data.map((v) => (v === 0 ? 0 : 1)) : x!.data.map(Math.trunc)];
  },

  add: elementwise((a, b) => a! + b!),
  sub: elementwise((a, b) => a! - b!),
  mul: elementwise((a, b) => a! * b!),
  div: elementwise((a, b) => a! / b!),
  pow: elementwise((a, b) => a! ** b!),
  maximum: elementwise(Math.max),
  minimum: elementwise(Math.min),
  equal: elementwise((a, b) => Number(a === b)),
  less: elementwise((a, b) => Number(a! < b!)),
  greater: elementwise((a, b) => Number(a! > b!)),
  greaterOrEqual: elementwise((a, b) => Number(a! >= b!)),
  and: elementwise((a, b) => Number(a === 1 && b === 1)),
  where: elementwise((condition, a, b) => (condition === 1 ? a! : b!)),

  reduceSum: reduction(sum),
  reduceMean: reduction(mean),
  reduceMax: reduction((values) => Math.max(...values)),
  argMax: ({ attributes: { axis } }, [x]) => {
    const along = Array.from({ length: x!.shape[axis]! }, (_, i) => i);
    return [
      build(
        x!.shape.map((d, i) => (i === axis ? 1 : d)),
        (at) => {
          const values = along.map((i) => read(x!, replaced(at, axis, i)));
          return values.indexOf(Math.max(...values));
        },
      ),
    ];
  },
  softmax: ({ attributes: { axis } }, [x]) => {
    const along = Array.from({ length: x!.shape[axis]! }, (_, i) => i);
    return [
      build(x!.shape, (at) => {
        const values = along.map((i) => read(x!, replaced(at, axis, i)));
        const top = Math.max(...values);
        return Math.exp(read(x!, at) - top) / sum(values.map((v) => Math.exp(v - top)));
      }),
    ];
  },

  upperQuantile: (_, [x, share]) => {
    const descending = x!.data.toSorted().reverse();
    const rank = share!.data[0]! * (descending.length - 1);
    const [above, below] = [descending[Math.floor(rank)]!, descending[Math.ceil(rank)]!];
    return [Float64Array.of(above + (rank - Math.floor(rank)) * (below - above))];
  },

  sort: ({ attributes: { axis } }, [x]) => {
    const positions = build(x!.shape, (at) => {
      const line = Array.from({ length: x!.shape[axis]! }, (_, i) => read(x!, replaced(at, axis, i)));
      return [...line.keys()].sort((a, b) => line[b]! - line[a]! || a - b)[at[axis]!]!;
    });
    const picked = { shape: x!.shape, data: positions };
    return [build(x!.shape, (at) => read(x!, replaced(at, axis, read(picked, at)))), positions];
  },
  cumSum: ({ attributes: { axis, reverse } }, [x]) => [
    build(x!.shape, (at) => {
      const all = Array.from({ length: x!.shape[axis]! }, (_, i) => i);
      const until = reverse ? all.slice(at[axis]!) : all.slice(0, at[axis]! + 1);
      return sum(until.map((i) => read(x!, replaced(at, axis, i))));
    }),
  ],
  gatherElements: ({ attributes: { axis } }, [x, positions]) => [
    build(positions!.shape, (at) => read(x!, replaced(at, axis, read(positions!, at)))),
  ],
  scatterElements: ({ attributes: { axis } }, [x, positions, values]) => [
    build(x!.shape, (at) => {
      const along = Array.from({ length: positions!.shape[axis]! }, (_, i) => replaced(at, axis, i));
      const hits = along.filter((from) => read(positions!, from) === at[axis]);
      return read(x!, at) + sum(hits.map((from) => read(values!, from)));
    }),
  ],

  reshape: (_, [x]) => [x!.data],
  transpose: ({ outputs, attributes: { perm } }, [x]) => {
    const strides = perm.map((axis) => sizeOf(x!.shape.slice(axis + 1)));
    return [
      build(outputs[0]!.shape, (at) => x!.data[at.reduce((sum, c, axis) => sum + c * strides[axis]!, 0)]!),
    ];
  },
  concat: ({ outputs, attributes: { axis } }, inputs) => [
    build(outputs[0]!.shape, (at) => {
      let position = at[axis]!;
      const part = inputs.find(({ shape }) => {
        if (position < shape[axis]!) return true;
        position -= shape[axis]!;
        return false;
      });
      return read(part!, replaced(at, axis, position));
    }),
  ],
  split: ({ outputs, attributes: { axis, sizes } }, [x]) =>
    outputs.map((y, part) => {
      const start = sum(sizes.slice(0, part));
      return build(y.shape, (at) => read(x!, replaced(at, axis, start + at[axis]!)));
    }),
  slice: ({ outputs, attributes: { axes, starts, steps } }, [x]) => [
    build(outputs[0]!.shape, (at) => {
      const from = [...at];
      axes.forEach((axis, i) => {
        from[axis] = starts[i]! + at[axis]! * steps[i]!;
      });
      return read(x!, from);
    }),
  ],
  pad: ({ outputs, attributes: { pads, value } }, [x]) => [
    build(outputs[0]!.shape, (at) => {
      const from = at.map((c, i) => c - pads[i]!);
      return from.every((c, i) => c >= 0 && c < x!.shape[i]!) ? read(x!, from) : value;
    }),
  ],
  expand: elementwise((x) => x!),
  take: ({ outputs, attributes: { axis, indices } }, [x]) => [
    build(outputs[0]!.shape, (at) => read(x!, replaced(at, axis, indices[at[axis]!]!))),
  ],

  matMul: ({ outputs, attributes: { transA, transB, alpha } }, [a, b]) => {
    const inner = transA ? a!.shape.at(-2)! : a!.shape.at(-1)!;
    return [
      build(outputs[0]!.shape, (at) => {
        const batch = at.slice(0, -2);
        const [i, j] = [at.at(-2)!, at.at(-1)!];
        const [left, right] = [matrixOf(a!, batch), matrixOf(b!, batch)];
        let total = 0;
        for (let k = 0; k < inner; k++)
          total += (transA ? left(k, i) : left(i, k)) * (transB ? right(j, k) : right(k, j));
        return alpha * total;
      }),
    ];
  },
  conv: ({ attributes, outputs }, [x, weight, bias]) => {
    const y = build(outputs[0]!.shape, (at) => (bias ? bias.data[at[1]!]! : 0));
    forEachTap(attributes, x!.shape, weight!.shape, (xi, wi, yi) => {
      y[yi]! += x!.data[xi]! * weight!.data[wi]!;
    });
    return [y];
  },
  convInputGrad: ({ attributes, outputs }, [dy, weight]) => {
    const dx = new Float64Array(outputs[0]!.size);
    forEachTap(attributes, outputs[0]!.shape, weight!.shape, (xi, wi, yi) => {
      dx[xi]! += dy!.data[yi]! * weight!.data[wi]!;
    });
    return [dx];
  },
  convWeightGrad: ({ attributes, outputs }, [x, dy]) => {
    const dweight = new Float64Array(outputs[0]!.size);
    forEachTap(attributes, x!.shape, outputs[0]!.shape, (xi, wi, yi) => {
      dweight[wi]! += x!.data[xi]! * dy!.data[yi]!;
    });
    return [dweight];
  },

  batchNorm: ({ attributes: { epsilon } }, [x, scale, bias]) => {
    const channels = channelsOf(x!);
    const means = channels.map(mean);
    const variances = channels.map((values, c) => mean(values.map((v) => (v - means[c]!) ** 2)));
    const y = fromChannels(x!.shape, (c, i) => {
      const normalized = (channels[c]![i]! - means[c]!) / Math.sqrt(variances[c]! + epsilon);
      return scale!.data[c]! * normalized + bias!.data[c]!;
    });
    return [y, Float64Array.from(means), Float64Array.from(variances)];
  },
  // The textbook formula, for the mean and variance of x: dx = γ/σ · (dy − mean(dy) − x̂ · mean(dy · x̂)).
  batchNormGrad: ({ attributes: { epsilon } }, [dy, x, scale, means, variances]) => {
    const deviations = Array.from(variances!.data, (v) => Math.sqrt(v + epsilon));
    const gradient = channelsOf(dy!);
    const normalized = channelsOf(x!).map((values, c) =>
      values.map((v) => (v - means!.data[c]!) / deviations[c]!),
    );
    const products = gradient.map((values, c) => values.map((v, i) => v * normalized[c]![i]!));
    const [gradientMeans, productMeans] = [gradient.map(mean), products.map(mean)];
    const dx = fromChannels(
      x!.shape,
      (c, i) =>
        (scale!.data[c]! / deviations[c]!) *
        (gradient[c]![i]! - gradientMeans[c]! - normalized[c]![i]! * productMeans[c]!),
    );
    return [dx, Float64Array.from(products, sum), Float64Array.from(gradient, sum)];
  },

  crossEntropy: ({ attributes: { weights } }, [logits, labels]) => {
    const terms = labels!.data.map((label, p) => {
      const scores = scoresOf(logits!, p);
      if (!(label in scores)) return 0;
      return (weights[label] ?? 1) * (Math.log(sum(scores.map(Math.exp))) - scores[label]!);
    });
    return [Float64Array.of(mean([...terms]))];
  },
  crossEntropyGrad: ({ attributes: { weights } }, [dloss, logits, labels]) => [
    build(logits!.shape, ([n, k, y, x]) => {
      const [, , h, w] = logits!.shape as [number, number, number, number];
      const pixel = (n! * h + y!) * w + x!;
      const scores = scoresOf(logits!, pixel);
      const label = labels!.data[pixel]!;
      if (!(label in scores)) return 0;
      const error = Math.exp(scores[k!]!) / sum(scores.map(Math.exp)) - (k === label ? 1 : 0);
      return ((weights[label] ?? 1) * dloss!.data[0]! * error) / labels!.data.length;
    }),
  ],

  quantizeLinear: ({ inputs: [, , zeroPoint], attributes: { axis } }, [x, scale, zero]) => [
    build(x!.shape, (at) => roundedAt(at, zeroPoint!.dtype, axis, [x!, scale!, zero!])),
  ],
  dequantizeLinear: ({ attributes: { axis } }, [q, scale, zero]) => [
    build(q!.shape, (at) => {
      const channel = scale!.shape.length === 0 ? [] : [at[axis]!];
      return (read(q!, at) - read(zero!, channel)) * read(scale!, channel);
    }),
  ],
  fakeQuantize: ({ inputs: [, , zeroPoint], attributes: { axis } }, [x, scale, zero]) => [
    build(x!.shape, (at) => {
      const channel = scale!.shape.length === 0 ? [] : [at[axis]!];
      const q = roundedAt(at, zeroPoint!.dtype, axis, [x!, scale!, zero!]);
      return (q - read(zero!, channel)) * read(scale!, channel);
    }),
  ],

  maxPool: ({ outputs, inputs, attributes: { kernel, strides, pads, dilations } }, [x]) => {
    const [channels, height, width] = inputs[0]!.shape.slice(1) as [number, number, number];
    const largestAt = ([n, c, i, j]: readonly number[]): [value: number, position: number] => {
      let found: [number, number] = [Number.NEGATIVE_INFINITY, -1];
      for (let ki = 0; ki < kernel[0]; ki++)
        for (let kj = 0; kj < kernel[1]; kj++) {
          const row = i! * strides[0] + ki * dilations[0] - pads[0];
          const column = j! * strides[1] + kj * dilations[1] - pads[1];
          if (row < 0 || row >= height || column < 0 || column >= width) continue;
          const value = read(x!, [n!, c!, row, column]);
          if (value > found[0]) found = [value, ((n! * channels + c!) * height + row) * width + column];
        }
      return found;
    };
    const { shape } = outputs[0]!;
    return [build(shape, (at) => largestAt(at)[0]), build(shape, (at) => largestAt(at)[1])];
  },
  averagePool: ({ outputs, attributes: { kernel } }, [x]) => [
    build(outputs[0]!.shape, ([n, c, i, j]) => {
      let total = 0;
      for (let ki = 0; ki < kernel[0]; ki++)
        for (let kj = 0; kj < kernel[1]; kj++)
          total += read(x!, [n!, c!, i! * kernel[0] + ki, j! * kernel[1] + kj]);
      return total / (kernel[0] * kernel[1]);
    }),
  ],
  resizeNearest: ({ outputs, attributes: { size } }, [x]) => {
    const [, , h, w] = x!.shape as [number, number, number, number];
    return [
      build(outputs[0]!.shape, ([n, c, i, j]) =>
        read(x!, [n!, c!, Math.floor((i! * h) / size[0]), Math.floor((j! * w) / size[1])]),
      ),
    ];
  },
  resizeBilinear: ({ outputs, attributes: { size, alignCorners } }, [x]) => {
    const [, , h, w] = x!.shape as [number, number, number, number];
    const locate = (dst: number, from: number, to: number): [number, number, number] => {
      const corner = to > 1 ? (dst * (from - 1)) / (to - 1) : 0;
      const src = alignCorners ? corner : Math.max(((dst + 0.5) * from) / to - 0.5, 0);
      const low = Math.min(Math.floor(src), from - 1);
      return [low, Math.min(low + 1, from - 1), src - low];
    };
    return [
      build(outputs[0]!.shape, ([n, c, i, j]) => {
        const [top, bottom, down] = locate(i!, h, size[0]);
        const [left, right, across] = locate(j!, w, size[1]);
        const row = (r: number) =>
          (1 - across) * read(x!, [n!, c!, r, left]) + across * read(x!, [n!, c!, r, right]);
        return (1 - down) * row(top) + down * row(bottom);
      }),
    ];
  },

  onnx: ({ attributes: { opType } }) => {
    throw new Error(`the interpreter knows the vocabulary, not ONNX ${opType}`);
  },
};

/** The elements of the matrix at batch coordinates, which broadcast. */
function matrixOf(x: Value, batch: readonly number[]): (row: number, column: number) => number {
  const lead = x.shape.length - 2;
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const own = lead > 0 ? batch.slice(-lead) : [];
  const matrix = own.reduce((index, c, i) => index * x.shape[i]! + (x.shape[i] === 1 ? 0 : c), 0);
  return (row, column) => x.data[(matrix * rows + row) * columns + column]!;
}
