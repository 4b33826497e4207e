/** @file Algebraic simplification: removes work that changes nothing, mostly left behind by differentiation. */

import { BROADCASTING } from '../broadcasting.js';
import { matMul, mul, neg, reshape, sub } from '../builders.js';
import { broadcastShapes } from '../shape-rules.js';
import { type AnyNode, createNode, sameShape, type Tensor } from '../tensor.js';
import type { OpName } from '../vocabulary.js';
import { rewrite } from './rewrite.js';

const broadcasting: ReadonlySet<OpName> = new Set(BROADCASTING);

export function simplify(outputs: readonly Tensor[]): Tensor[] {
  return rewrite(outputs, (node, inputs) => {
    if (broadcasting.has(node.op)) {
      const lean = withoutExpands(node, inputs);
      if (lean) return simplifyNode(lean[0]!.node as AnyNode, lean[0]!.node.inputs) ?? lean;
    }
    return simplifyNode(node, inputs);
  });
}

/** A broadcasting operator repeats its operands itself: an `expand` in front of it only costs memory. */
function withoutExpands(node: AnyNode, inputs: readonly Tensor[]): readonly Tensor[] | undefined {
  const target = node.outputs[0]!.shape;
  const lean = [...inputs];
  let changed = false;
  lean.forEach((x, i) => {
    if (x.node.op !== 'expand') return;
    const others = lean.filter((_, j) => j !== i).map((y) => y.shape);
    const source = x.node.inputs[0]!;
    if (sameShape([source.shape, ...others].reduce(broadcastShapes), target)) {
      lean[i] = source;
      changed = true;
    }
  });
  return changed ? createNode(node.op, lean, node.attributes) : undefined;
}

function simplifyNode(node: AnyNode, inputs: readonly Tensor[]): readonly Tensor[] | undefined {
  const shape = node.outputs[0]!.shape;
  const [a, b] = inputs as [Tensor, Tensor];
  const keeps = (x: Tensor): boolean => sameShape(x.shape, shape);
  switch (node.op) {
    case 'mul': {
      if (scalarOf(b) === 1 && keeps(a)) return [a];
      if (scalarOf(a) === 1 && keeps(b)) return [b];
      const product = mergeFactors(a, b) ?? mergeFactors(b, a);
      return product ? [product] : undefined;
    }
    case 'div': {
      const divisor = scalarOf(b);
      if (divisor === undefined || a.dtype !== 'float32' || !keeps(a)) return undefined;
      return hasExactReciprocal(divisor) ? [mul(a, 1 / divisor)] : undefined;
    }
    case 'add':
      if (scalarOf(b) === 0 && keeps(a)) return [a];
      if (scalarOf(a) === 0 && keeps(b)) return [b];
      if (b.node.op === 'neg') return [sub(a, b.node.inputs[0]!)];
      if (a.node.op === 'neg') return [sub(b, a.node.inputs[0]!)];
      return undefined;
    case 'sub':
      return scalarOf(b) === 0 && keeps(a) ? [a] : undefined;
    case 'stopGradient':
      return [a];
    case 'neg':
      return a.node.op === 'neg' ? [a.node.inputs[0]!] : undefined;
    case 'reshape':
      if (sameShape(a.shape, shape)) return [a];
      return a.node.op === 'reshape' ? [reshape(a.node.inputs[0]!, shape)] : undefined;
    case 'concat':
      return inverseOfSplit(node, inputs);
    case 'matMul': {
      // A scalar factor on an operand is free as the product's alpha.
      const { transA, transB, alpha } = node.attributes;
      const [fa, xa] = scaled(a);
      const [fb, xb] = scaled(b);
      if (fa * fb === 1 || !isNormal(alpha * fa * fb)) return undefined;
      return [matMul(xa, xb, { transA, transB, alpha: alpha * fa * fb })];
    }
    default:
      return undefined;
  }
}

/** (x·c1)·c2 → x·(c1·c2), and (−x)·c → x·(−c). */
function mergeFactors(x: Tensor, factor: Tensor): Tensor | undefined {
  const outer = scalarOf(factor);
  if (outer === undefined || factor.rank > 0) return undefined;
  const [inner, source] = scaled(x);
  if (inner !== 1 && isNormal(inner * outer)) return mul(source, inner * outer);
  if (outer === -1) return neg(x);
  return undefined;
}

/** Whether a factor has its full precision in float32: neither zero, denormal nor infinite. */
function isNormal(factor: number): boolean {
  const magnitude = Math.abs(factor);
  return magnitude >= 2 ** -126 && magnitude < 2 ** 127;
}

function hasExactReciprocal(divisor: number): boolean {
  return Number.isInteger(Math.log2(Math.abs(divisor))) && isNormal(divisor) && isNormal(1 / divisor);
}

/** Splits off a scalar factor: x = factor · rest. */
function scaled(x: Tensor): readonly [number, Tensor] {
  if (x.node.op === 'neg') return [-1, x.node.inputs[0]!];
  if (x.node.op !== 'mul') return [1, x];
  const [a, b] = x.node.inputs as [Tensor, Tensor];
  const [fa, fb] = [a.rank === 0 ? scalarOf(a) : undefined, b.rank === 0 ? scalarOf(b) : undefined];
  if (fb !== undefined) return [fb, a];
  if (fa !== undefined) return [fa, b];
  return [1, x];
}

/** concat(split(x)) in order is x. */
function inverseOfSplit(node: AnyNode, inputs: readonly Tensor[]): readonly Tensor[] | undefined {
  const source = inputs[0]!.node as AnyNode;
  if (node.op !== 'concat' || source.op !== 'split' || source.attributes.axis !== node.attributes.axis)
    return undefined;
  const whole = source.outputs.length === inputs.length && inputs.every((x, i) => x === source.outputs[i]);
  return whole ? [source.inputs[0]!] : undefined;
}

/** The value of a constant with one element. */
function scalarOf(x: Tensor): number | undefined {
  const node = x.node as AnyNode;
  if (node.op !== 'constant' || node.attributes.data.length !== 1 || node.attributes.unique) return undefined;
  return Number(node.attributes.data[0]);
}
