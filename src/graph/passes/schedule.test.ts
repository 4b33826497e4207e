import { expect, test } from 'vitest';
import { add, concat, exp, input, mul, neg, relu, sqrt } from '../builders.js';
import { type AnyNode, createNode, inPhase, type Node, type Tensor } from '../tensor.js';
import { rewrite } from './rewrite.js';
import { executionOrder, fileOrder } from './schedule.js';

const x = () => input('x', 'float32', [4]);

function expectTopological(order: readonly Node[], outputs: readonly Tensor[]): void {
  const done = new Set<Node>();
  for (const node of order) {
    for (const { node: producer } of node.inputs) expect(done.has(producer)).toBe(true);
    done.add(node);
  }
  for (const { node } of outputs) expect(done.has(node)).toBe(true);
  expect(done.size).toBe(order.length);
}

/** What ONNX Runtime 1.30 does: from the last result, taking the input that comes last in the file first. */
function runtimeOrder(file: readonly AnyNode[]): Node[] {
  const index = new Map<Node, number>(file.map((node, i) => [node, i]));
  const consumed = new Set(file.flatMap((node) => node.inputs.map((t) => t.node)));
  const order: Node[] = [];
  const seen = new Set<Node>();
  const visit = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    const producers = [...new Set(node.inputs.map((t) => t.node))];
    for (const producer of producers.sort((a, b) => index.get(b)! - index.get(a)!)) visit(producer);
    order.push(node);
  };
  for (const node of [...file].reverse()) if (!consumed.has(node)) visit(node);
  return order;
}

test('a mask of an early value is computed where it is needed, not where it could be', () => {
  const y = relu(x());
  const [mask] = createNode('positive', [y], {});
  const last = exp(sqrt(neg(y)));
  const gradient = mul(last, mask!);
  const order = executionOrder([gradient]).map(({ op }) => op);
  expect(order).toEqual(['input', 'relu', 'neg', 'sqrt', 'exp', 'positive', 'mul']);
});

test('what hangs on an early value is done before later values, whatever the order of use', () => {
  const first = exp(x());
  const early = sqrt(first);
  const second = neg(first);
  const late = relu(second);
  const order = executionOrder([concat([late, early], 0)]).map(({ op }) => op);
  expect(order.indexOf('sqrt')).toBeLessThan(order.indexOf('neg'));
});

/** A chain of gradients, each with a side product that all meet in one concat, as in a training step. */
function chain(length: number): Tensor {
  let y = x();
  const sides: Tensor[] = [];
  for (let i = 0; i < length; i++) {
    const side = exp(y);
    y = add(neg(y), 1);
    sides.unshift(side);
  }
  return concat([y, ...sides], 0);
}

test('the runtime arrives at the intended order from the order of the file', () => {
  const outputs = [chain(12)];
  const isOperator = (node: Node): boolean => node.op !== 'input' && node.op !== 'constant';
  const file = fileOrder(outputs);
  expectTopological(file, outputs);
  expect(runtimeOrder(file).filter(isOperator)).toEqual(executionOrder(outputs).filter(isOperator));
  // Side products must not wait for the end of the chain.
  const order = executionOrder(outputs).filter(isOperator);
  for (let i = 0; i + 1 < order.length - 1; i += 3) expect(order[i]!.op).toBe('exp');
});

test('every node appears once, after its producers, in both orders', () => {
  const a = x();
  const shared = exp(a);
  const outputs = [add(shared, neg(shared)), shared, mul(shared, a)];
  expectTopological(executionOrder(outputs), outputs);
  expectTopological(fileOrder(outputs), outputs);
  expect(fileOrder(outputs).length).toBe(executionOrder(outputs).length);
});

test('what a pass puts in the place of a node runs when that would have run', () => {
  const a = exp(x());
  const outputs = [concat([neg(mul(a, a)), sqrt(a)], 0)];
  const changed = rewrite(outputs, (node, inputs) => (node.op === 'mul' ? [add(inputs[0]!, 3)] : undefined));
  const order = (tensors: readonly Tensor[]) => executionOrder(tensors).map(({ op }) => op);
  expect(order(outputs).indexOf('neg')).toBeLessThan(order(outputs).indexOf('sqrt'));
  expect(order(changed).indexOf('neg')).toBeLessThan(order(changed).indexOf('sqrt'));
});

test('phases follow each other, whatever was made first', () => {
  const a = exp(x());
  const last = inPhase('update', () => sqrt(a));
  const second = inPhase('backward', () => neg(a));
  const first = relu(a);
  const order = executionOrder([last, first, second]).map(({ op }) => op);
  expect(order).toEqual(['input', 'exp', 'relu', 'neg', 'sqrt']);
});
