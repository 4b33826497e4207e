/**
 * @file Reverse-mode differentiation. The driver walks the graph backwards once, accumulates contributions, and undoes
 * broadcasting in one place, so that the rules (gradient-rules.ts) stay one formula each.
 */
import { OtxError } from '../base/errors.js';
import { add, full, sumTo } from './builders.js';
import { type GradientContext, gradientRules } from './gradient-rules.js';
import { printNode } from './print.js';
import { type AnyNode, inPhase, inScope, isFloat, type Node, reachableNodes, type Tensor } from './tensor.js';

/**
 * Gradients of a scalar with respect to some tensors.
 * @param output float32 tensor; a gradient of ones is assumed, so this should be a scalar loss.
 * @param wrt tensors that `output` depends on; nodes off every path to them get no gradient code.
 * @returns one tensor per entry of `wrt`, of the same shape; zeros where `output` does not depend on it.
 * @throws OtxError `graph` when an operator on the path has no gradient rule.
 */
export function gradients(output: Tensor, wrt: readonly Tensor[]): Tensor[] {
  return inPhase('backward', () => differentiate(output, wrt));
}

function differentiate(output: Tensor, wrt: readonly Tensor[]): Tensor[] {
  const nodes = reachableNodes([output]);
  const onPath = tensorsDependingOn(nodes, new Set(wrt));
  const pending = new Map<Tensor, Tensor>();

  const accumulate = (target: Tensor, contribution: Tensor): void => {
    const earlier = pending.get(target);
    const dx = sumTo(contribution, target.shape);
    pending.set(target, earlier ? add(earlier, dx) : dx);
  };

  accumulate(output, full(output.shape, 1));
  const wanted = new Set(wrt);
  for (const node of nodes.reverse()) {
    if (!node.inputs.some((x) => onPath.has(x))) continue;
    const dys = node.outputs.map((y) => pending.get(y));
    if (dys.every((dy) => dy === undefined)) continue;
    for (const y of node.outputs) if (!wanted.has(y)) pending.delete(y);
    inScope(node.scope, () => {
      const contributions = backward(node, dys, (i) => onPath.has(node.inputs[i]!));
      contributions.forEach((dx, i) => {
        const x = node.inputs[i]!;
        if (dx && onPath.has(x)) accumulate(x, dx);
      });
    });
  }
  return wrt.map((x) => pending.get(x) ?? zeros(x));
}

/** `wrt` and everything float that is computed from it, as far as gradients are not stopped. */
function tensorsDependingOn(nodes: readonly AnyNode[], wrt: ReadonlySet<Tensor>): Set<Tensor> {
  const result = new Set<Tensor>(wrt);
  for (const node of nodes) {
    if (node.op === 'stopGradient' || !node.inputs.some((x) => result.has(x))) continue;
    for (const y of node.outputs) if (isFloat(y)) result.add(y);
  }
  return result;
}

const zeros = ({ shape, dtype }: Tensor): Tensor => full(shape, 0, dtype);

function backward(
  node: AnyNode,
  dys: readonly (Tensor | undefined)[],
  needed: (input: number) => boolean,
): readonly (Tensor | undefined)[] {
  const rule = gradientRules[node.op] as
    | ((context: GradientContext, node: Node) => readonly (Tensor | undefined)[])
    | null;
  if (rule === null) throw new OtxError('graph', `no gradient rule for ${printNode(node)}`);
  const dy = (index: number): Tensor => dys[index] ?? zeros(node.outputs[index]!);
  return rule({ dy: dy(0), dys, dyOf: dy, needed }, node);
}
