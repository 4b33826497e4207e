import { InferenceSession, Tensor as Value } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { add, constant, input, mul, softmax } from '../index.js';
import { logitsOf } from './logits-of.js';
import { serializeModel } from './serialize-model.js';

const SHAPE = [1, 3, 2, 2];
const images = input('input', 'float32', SHAPE);
const weights = constant(Float32Array.from([1, -2, 3]), [1, 3, 1, 1]);
const logits = mul(images, weights);

const data = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i));
async function outputOf(bytes: Uint8Array): Promise<number[]> {
  const session = await InferenceSession.create(bytes);
  const { output } = await session.run({ input: new Value('float32', data, SHAPE) });
  await session.release();
  return [...(output!.data as Float32Array)];
}

test('a softmax over the classes gives way to logits whose softmax is what it gave', async () => {
  const bytes = serializeModel({ inputs: [images], outputs: { output: softmax(logits, 1) } });
  const without = logitsOf(bytes, 'output')!;
  const [probabilities, found] = [await outputOf(bytes), await outputOf(without)];
  for (let pixel = 0; pixel < 4; pixel++) {
    const of = (values: number[]) => [0, 4, 8].map((at) => values[at + pixel]!);
    const total = of(found).reduce((sum, value) => sum + Math.exp(value), 0);
    for (const [k, value] of of(found).entries()) {
      expect(Math.exp(value) / total).toBeCloseTo(of(probabilities)[k]!, 6);
    }
  }
  // And no more: they are no probabilities.
  expect(found.reduce((sum, value) => sum + value, 0)).not.toBeCloseTo(4, 2);
});

test('what ends with something else, or with a softmax over another axis, stays as it is', () => {
  for (const output of [logits, softmax(logits, 3), add(softmax(logits, 1), 1)]) {
    expect(logitsOf(serializeModel({ inputs: [images], outputs: { output } }), 'output')).toBeUndefined();
  }
});
