import { expect, test } from 'vitest';
import * as g from './builders.js';
import { gradients } from './gradients.js';
import { printGraph, printNode } from './print.js';
import { withScope } from './tensor.js';

function gatedConvolution() {
  const x = g.input('x', 'float32', [2, 3, 5, 5]);
  const weight = g.input('weight', 'float32', [4, 3, 3, 3]);
  const y = withScope('stem', () => withScope('conv', () => g.conv(x, weight, { stride: 2, padding: 1 })));
  return { x, weight, y };
}

test('a graph prints as one line per node, with types, attributes and module paths', () => {
  const { y } = gatedConvolution();
  const [left, right] = g.split(y, [1, 3], 1);
  const table = g.constant(
    Array.from({ length: 9 }, (_, i) => i / 2),
    [1, 1, 3, 3],
  );
  expect(printGraph([g.mul(g.sigmoid(left!), right!), g.add(table, 1)])).toMatchInlineSnapshot(`
    "%1: float32[2,3,5,5] = input() {name=x}
    %2: float32[4,3,3,3] = input() {name=weight}
    %3: float32[2,4,3,3] = conv(%1, %2) {strides=[2,2], pads=[1,1,1,1], dilations=[1,1], group=1}  # stem.conv
    %4.0: float32[2,1,3,3], %4.1: float32[2,3,3,3] = split(%3) {axis=1, sizes=[1,3]}
    %5: float32[1,1,3,3] = constant() {data=[0,0.5,1,1.5,2,2.5,3,3.5,…]}
    %6: float32[2,1,3,3] = sigmoid(%4.0)
    %7: float32[2,3,3,3] = mul(%6, %4.1)
    %8: float32[] = constant() {data=[1]}
    %9: float32[1,1,3,3] = add(%5, %8)
    return %7, %9"
  `);
});

test('gradients carry the path of the operator they belong to', () => {
  const { x, weight, y } = gatedConvolution();
  const loss = g.reduceSum(g.mul(y, y));
  expect(printGraph(gradients(loss, [weight]))).toMatchInlineSnapshot(`
    "%1: float32[2,3,5,5] = input() {name=x}
    %2: float32[4,3,3,3] = input() {name=weight}
    %3: float32[2,4,3,3] = conv(%1, %2) {strides=[2,2], pads=[1,1,1,1], dilations=[1,1], group=1}  # stem.conv
    %4: float32[] = constant() {data=[1]}  # :backward
    %5: float32[1,1,1,1] = reshape(%4) {shape=[1,1,1,1]}  # :backward
    %6: float32[2,4,3,3] = expand(%5) {shape=[2,4,3,3]}  # :backward
    %7: float32[2,4,3,3] = mul(%6, %3)  # :backward
    %8: float32[2,4,3,3] = mul(%6, %3)  # :backward
    %9: float32[2,4,3,3] = add(%7, %8)  # :backward
    %10: float32[4,3,3,3] = convWeightGrad(%1, %9) {strides=[2,2], pads=[1,1,1,1], dilations=[1,1], group=1, kernel=[3,3]}  # stem.conv:backward
    return %10"
  `);
  expect(printGraph(gradients(loss, [x]))).toContain('convInputGrad');
});

test('the text does not depend on what was built before', () => {
  const text = () => printGraph([g.relu(g.neg(g.input('x', 'float32', [2])))]);
  const first = text();
  g.exp(g.input('between', 'float32', [1]));
  expect(text()).toBe(first);
});

test('literal operators print their ONNX name', () => {
  const x = g.input('x', 'float32', [2]);
  const [y] = g.onnxOp('HardSigmoid', [x], [{ dtype: 'float32', shape: [2] }], { alpha: { float: 0.5 } });
  expect(printNode(y!.node).replace(/%\d+/g, '%')).toBe(
    '%: float32[2] = onnx(%) {opType=HardSigmoid, domain=, attributes={"alpha":{"float":0.5}}}',
  );
});
