/**
 * @file Importing ONNX files: what each operator becomes computes what ONNX Runtime computes from the same file, and its
 * gradients are those of central differences.
 */

import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { runGraph } from '../../src/engine/run-graph.js';
import { createSession, type OrtTensor, toOrtTensor } from '../../src/engine/runtime.js';
import { add } from '../../src/graph/builders.js';
import { gradients } from '../../src/graph/gradients.js';
import { type ImportedModel, importModel } from '../../src/graph/import/import-model.js';
import { importedOperators } from '../../src/graph/import/operators.js';
import { ModelProtoSchema } from '../../src/graph/onnx/onnx_pb.js';
import type { Tensor, TensorData } from '../../src/graph/tensor.js';
import { randomValues, weightedSum } from './cases.js';
import { expectAgreement } from './compare.js';
import { type ImportCase, importCases } from './import.cases.js';
import { interpret } from './reference.js';

const STEP = 1e-4;
/** As of the gradients of the vocabulary. */
const TOLERANCE = 2e-7;

const cases = importCases();

/** Values of the inputs of a file. */
function feedsOf({ name, low, high }: ImportCase, { inputs }: ImportedModel): Record<string, TensorData> {
  return Object.fromEntries(
    Object.entries(inputs).map(([key, { dtype, size }]): [string, TensorData] => {
      const values = randomValues(`${name} ${key}`, size, low, high);
      if (dtype === 'bool') return [key, Uint8Array.from(values, (v) => (v > 0 ? 1 : 0))];
      if (dtype === 'int64') return [key, BigInt64Array.from(values, (v) => (v > 0 ? 1n : 0n))];
      return [key, values];
    }),
  );
}

const weightsOf = ({ weights }: ImportedModel): Record<string, Float32Array> =>
  Object.fromEntries(weights.map(({ key, data }) => [key, data]));

/** What ONNX Runtime makes of the file. */
async function runFile(bytes: Uint8Array, { inputs }: ImportedModel, feeds: Record<string, TensorData>) {
  const session = await createSession(bytes, { threads: 1, rewrite: false });
  try {
    const values = Object.entries(inputs).map(([name, { dtype, shape }]): [string, OrtTensor] => [
      name,
      toOrtTensor(dtype, feeds[name]!, shape),
    ]);
    const results = await session.run(Object.fromEntries(values));
    return Object.fromEntries(
      Object.entries(results).map(([name, { data }]) => [name, Float64Array.from(data as Float32Array)]),
    );
  } finally {
    await session.release();
  }
}

/** (f(x + εe) − f(x − εe)) / 2ε for every element of a variable, where f is the weighted sum of the outputs. */
function differences(
  outputs: readonly Tensor[],
  feeds: Readonly<Record<string, ArrayLike<number>>>,
  name: string,
): Float64Array {
  const at = (data: Float64Array): number => {
    const values = interpret(outputs, { ...feeds, [name]: data });
    return outputs.reduce((sum, { size }, k) => {
      const weights = randomValues('weights', size);
      return sum + values[k]!.reduce((part, v, i) => part + v * weights[i]!, 0);
    }, 0);
  };
  const x = Float64Array.from(feeds[name]!);
  return x.map((_, i) => {
    const shifted = (by: number) => at(x.map((v, j) => (j === i ? v + by : v)));
    return (shifted(STEP) - shifted(-STEP)) / (2 * STEP);
  });
}

describe('an imported file computes what the runtime makes of it', () => {
  for (const one of cases)
    test(one.name, async () => {
      const model = importModel(one.bytes);
      const feeds = feedsOf(one, model);
      const expected = await runFile(one.bytes, model, feeds);
      const names = Object.keys(model.outputs);
      const actual = await runGraph(Object.values(model.outputs), { ...feeds, ...weightsOf(model) });
      names.forEach((name, i) => {
        expectAgreement(actual[i]!, expected[name]!, { what: name });
      });
    });
});

describe('gradients of an imported file equal central differences', () => {
  for (const one of cases.filter(({ isDifferentiable }) => isDifferentiable))
    test(one.name, () => {
      const model = importModel(one.bytes);
      const feeds = { ...feedsOf(one, model), ...weightsOf(model) };
      const numbers = Object.fromEntries(
        Object.entries(feeds).map(([name, data]) => [name, Float64Array.from(data as Float32Array, Number)]),
      );
      const outputs = Object.values(model.outputs);
      const variables: [string, Tensor][] = [
        ...Object.entries(model.inputs).filter(([, { dtype }]) => dtype === 'float32'),
        ...model.weights.map(({ key, tensor }): [string, Tensor] => [key, tensor]),
      ];
      const loss = outputs.map(weightedSum).reduce((a, b) => add(a, b));
      const slopes = gradients(
        loss,
        variables.map(([, tensor]) => tensor),
      );
      const values = interpret(slopes, numbers);
      variables.forEach(([name], i) => {
        const expected = differences(outputs, numbers, name);
        const scale = Math.max(1, ...expected.map(Math.abs));
        expected.forEach((value, j) => {
          if (!(Math.abs(values[i]![j]! - value) <= TOLERANCE * scale))
            throw new Error(`${name}, element ${j}: gradient ${values[i]![j]}, differences say ${value}`);
        });
      });
    });
});

test('some case covers every operator', () => {
  const used = new Set(
    cases.flatMap(({ bytes }) => fromBinary(ModelProtoSchema, bytes).graph!.node.map(({ opType }) => opType)),
  );
  const untested = ['CastLike', 'Constant', 'ReduceProd'];
  expect(importedOperators.filter((name) => !used.has(name) && !untested.includes(name))).toEqual([]);
});
