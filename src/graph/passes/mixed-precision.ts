/**
 * @file Mixed precision (Micikevicius et al. 2018, https://arxiv.org/abs/1710.03740): maps and their gradients as halves, which take half
 * the memory and, on most graphics processors, a fraction of the time; everything that sums over many values, or ends in the
 * parameters, in float32. Which operator is on which side follows the lists of the frameworks' automatic casting. A loss scale keeps small
 * gradients above the smallest half; whoever builds the graph multiplies by it and divides again.
 */
import { cast } from '../builders.js';
import { type AnyNode, createNode, isFloat, type Node, type Tensor } from '../tensor.js';
import type { OpName } from '../vocabulary.js';
import { rewrite } from './rewrite.js';

/** How halves are computed with. */
export interface Halves {
  /**
   * `float16`: by operators on halves. `float32`: by those on float32, whose results are rounded to halves, for a runtime that has few
   * others; the numbers are much the same.
   */
  readonly operators: 'float16' | 'float32';
  /**
   * In what an operator on halves adds up products. Where it is halves, long sums of weight gradients are computed in float32: a half
   * has 11 bits, so that a sum 2048 times as large as its addends no longer grows.
   */
  readonly sums: 'float16' | 'float32';
}

/** Their results are halves whatever their operands are: products, which most of the time goes into. */
const PRODUCTS: ReadonlySet<OpName> = new Set(['conv', 'convInputGrad', 'convWeightGrad', 'matMul']);
/** Computed in halves where their maps are. */
const ROUNDING: ReadonlySet<OpName> = new Set<OpName>([
  ...(['add', 'sub', 'mul', 'gelu', 'geluGrad', 'sigmoid', 'tanh', 'averagePool', 'resizeBilinear'] as const),
]);
/** The same, and what they give of halves are halves. */
const EXACT: ReadonlySet<OpName> = new Set<OpName>([
  ...([
    'reshape',
    'transpose',
    'concat',
    'split',
    'slice',
    'pad',
    'expand',
    'take',
    'where',
    'stopGradient',
  ] as const),
  ...(['relu', 'positive', 'neg', 'abs', 'maximum', 'minimum', 'resizeNearest'] as const),
]);
/** Computed in float32, with the first result in halves again where a map that they are given is. */
const NORMS: ReadonlySet<OpName> = new Set(['batchNorm', 'batchNormGrad']);

/** Longer sums lose too much where they are kept in halves. */
const LONGEST_SUM = 2048;

/**
 * The same step in mixed precision; nothing else changes where no product of matrices is. Comes before lowering, and before the
 * operators of a provider.
 *
 * @param outputs stay float32.
 */
export function mixedPrecision(outputs: readonly Tensor[], halves: Halves): Tensor[] {
  const form = halves.operators === 'float16' ? new RealHalves() : new RoundedFloats();
  const results = rewrite(outputs, (node, inputs) => {
    if (!inputs.some(isFloat)) return undefined;
    if (node.phase !== 'update' && isHalf(node, inputs, form, halves)) return inHalves(node, inputs, form);
    const floats = inputs.map(form.toFloat);
    if (NORMS.has(node.op) && inputs.slice(0, 2).some(form.isHalf)) {
      const [first, ...others] = createNode(node.op, floats, node.attributes) as [Tensor, ...Tensor[]];
      return [form.round(first), ...others];
    }
    const isSame = floats.every((x, i) => x === inputs[i]);
    return isSame ? undefined : createNode(node.op, floats, node.attributes);
  });
  return results.map(form.toFloat);
}

/** How halves stand in the graph. */
interface Form {
  isHalf(x: Tensor): boolean;
  /** The nearest half to each value. */
  round(x: Tensor): Tensor;
  /** float32 values of it. */
  toFloat(x: Tensor): Tensor;
  /** What an operator has made of halves alone. @param exact whether all of it are halves */
  ofHalves(x: Tensor, exact: boolean): Tensor;
}

/** As float16. */
class RealHalves implements Form {
  readonly isHalf = ({ dtype }: Tensor): boolean => dtype === 'float16';
  readonly round = (x: Tensor): Tensor => (x.dtype === 'float32' ? cast(x, 'float16') : x);
  readonly toFloat = (x: Tensor): Tensor => (x.dtype === 'float16' ? cast(x, 'float32') : x);
  readonly ofHalves = (x: Tensor): Tensor => x;
}

/** As float32 values that are halves. */
class RoundedFloats implements Form {
  private readonly halves = new Set<Tensor>();

  readonly isHalf = (x: Tensor): boolean => this.halves.has(x);
  readonly toFloat = (x: Tensor): Tensor => x;

  readonly round = (x: Tensor): Tensor => {
    if (x.dtype !== 'float32' || this.isHalf(x)) return x;
    return this.ofHalves(cast(cast(x, 'float16'), 'float32'), true);
  };

  readonly ofHalves = (x: Tensor, exact: boolean): Tensor => {
    if (!exact) return this.round(x);
    if (isFloat(x)) this.halves.add(x);
    return x;
  };
}

function inHalves(node: AnyNode, inputs: readonly Tensor[], form: Form): readonly Tensor[] {
  const results = createNode(node.op, inputs.map(form.round), node.attributes);
  return results.map((y) => form.ofHalves(y, EXACT.has(node.op)));
}

function isHalf(node: AnyNode, inputs: readonly Tensor[], form: Form, { sums }: Halves): boolean {
  if (PRODUCTS.has(node.op)) return sums === 'float32' || lengthOfSums(node) <= LONGEST_SUM;
  if (!ROUNDING.has(node.op) && !EXACT.has(node.op)) return false;
  // Of squares there are sums, and beyond 255 they are no halves.
  if (node.op === 'mul' && inputs[0] === inputs[1]) return false;
  const floats = inputs.filter(isFloat);
  if (node.op === 'concat') return floats.every(form.isHalf);
  // What is spread over a map may be rounded, a map in float32 is so for a reason.
  const { size } = node.outputs[0]!;
  const isSpread = (x: Tensor): boolean => x.node.op === 'constant' || x.size < size;
  return floats.some(form.isHalf) && floats.every((x) => form.isHalf(x) || isSpread(x));
}

/** Products that are added up to one value of a result. */
function lengthOfSums(node: Node): number {
  const [a, b] = node.inputs as [Tensor, Tensor];
  const [n, , h, w] = b.shape as [number, number, number, number];
  if (node.op === 'convWeightGrad') return n * h * w;
  const { transA, group = 1 } = node.attributes as { readonly transA?: boolean; readonly group?: number };
  if (node.op === 'matMul') return a.shape.at(transA ? -2 : -1)!;
  // Of a weight [O, I, h, w], for one of its outputs, or one of its inputs.
  return node.op === 'conv' ? b.size / n : b.size / (b.shape[1]! * group);
}
