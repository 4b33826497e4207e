/** @file ONNX files of every version of the operators: standard operators alone, and the same values. */
import { fromBinary } from '@bufbuild/protobuf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { Random } from '../../base/random.js';
import { matMul, input as openInput } from '../../graph/index.js';
import { ModelProtoSchema } from '../../graph/onnx/onnx_pb.js';
import { serializeModel } from '../../graph/onnx/serialize-model.js';
import { encodeGraph } from '../../inference/network-file.js';
import { networkGraph } from '../../inference/network-graph.js';
import { createBackbone, createSegmentor, describe as describeModel } from '../../models/index.js';
import { initialState } from '../../runs/state-dict.js';
import { listTemplates } from '../../templates/index.js';

const [WIDTH, HEIGHT] = [96, 64];
const OPSETS = [20, 19, 18, 17, 16, 15, 14, 13, 12, 11];
const TEMPLATES = listTemplates();

const domainsOf = (bytes: Uint8Array): Set<string> => {
  const { graph, opsetImport } = fromBinary(ModelProtoSchema, bytes);
  return new Set([...opsetImport, ...graph!.node].map(({ domain }) => domain));
};

const random = new Random('pictures');
const pictures = Float32Array.from({ length: 2 * 3 * HEIGHT * WIDTH }, () => random.range(-2, 2));

async function run(bytes: Uint8Array): Promise<Record<string, Float32Array>> {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  const input = new Tensor('float32', pictures, [2, 3, HEIGHT, WIDTH]);
  const outputs = await session.run({ input });
  const values = Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array] as const);
  await session.release();
  return Object.fromEntries(values);
}

const largest = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe.each(TEMPLATES)('$name', { timeout: 240_000 }, ({ model: name }) => {
  test('has the same values in every opset, of standard operators alone', async () => {
    const model = createSegmentor(name, { numClasses: 3 });
    const { variables } = describeModel(model, [1, 3, HEIGHT, WIDTH]);
    const source = {
      model,
      state: initialState(variables, 1),
      inputSize: { width: WIDTH, height: HEIGHT },
    };
    const graph = networkGraph(source, { batch: 2, backbone: createBackbone(name) });
    const channels = graph.outputs.feature_vector!.shape;
    let newest: Awaited<ReturnType<typeof run>> | undefined;
    for (const opset of OPSETS) {
      const bytes = encodeGraph(graph, { opset, dynamicBatch: true });
      expect(domainsOf(bytes)).toEqual(new Set(['']));
      const values = await run(bytes);
      newest ??= values;
      expect(values.output!.length).toBe(2 * 3 * HEIGHT * WIDTH);
      expect(values.feature_vector!.length).toBe(2 * channels[1]!);
      for (const [key, expected] of Object.entries(newest)) {
        const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        expect(largest(values[key]!, expected) / scale, `${key} of opset ${opset}`).toBeLessThan(1e-5);
      }
    }
  });
});

test.each([{ transA: true }, { transB: true }, { alpha: 0.5 }, { transA: true, transB: true, alpha: -2 }])(
  'products that transpose or scale are standard operators: %o',
  (options) => {
    const x = openInput('x', 'float32', [2, 4, 4]);
    const bytes = serializeModel({ inputs: [x], outputs: { y: matMul(x, x, options) } });
    expect(domainsOf(bytes)).toEqual(new Set(['']));
  },
);
