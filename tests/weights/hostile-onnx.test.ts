/**
 * @file Model files made to do harm: to read other files, to compute without end, to take all memory, to give nonsense. Each
 * is refused in one line that names the file, and an ordinary export is none of them.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OtxError } from '../../src/base/errors.js';
import { untrainedCheckpoint } from '../../src/demo/untrained.js';
import { exportModel } from '../../src/export/export-model.js';
import {
  AttributeProto_AttributeType as AttributeType,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from '../../src/graph/onnx/onnx_pb.js';
import { loadIsolated } from '../../src/inference/isolated/isolated-model.js';
import { openModel } from '../../src/inference/open-model.js';
import { LARGEST } from '../../src/weights/check-values.js';

const SIDE = 64;
const IMAGE = new Float32Array(3 * (SIDE + 4) ** 2);
const classes = ['background', 'a', 'b'].map((name, i) => ({ name, color: [i, i, i] as const }));

let folder: string;
let good: Uint8Array;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-hostile-onnx-'));
  const weights = join(folder, 'weights.safetensors');
  const settings = { inputSize: `${SIDE}x${SIDE}` };
  const options = { template: 'Lite-HRNet-s-mod2', classes, seed: 1, settings };
  await writeFile(weights, untrainedCheckpoint(options));
  const { model } = await exportModel({ weights, output: folder, batch: 'static' });
  good = new Uint8Array(await readFile(model));
});
afterAll(() => rm(folder, { recursive: true }));

/** The export with something changed. */
function changed(change: (model: ModelProto) => void): Uint8Array {
  const model = fromBinary(ModelProtoSchema, good);
  change(model);
  return toBinary(ModelProtoSchema, model);
}

let files = 0;
/** Probabilities of each class for each pixel. */
async function segmentWith(bytes: Uint8Array): Promise<Float32Array> {
  files += 1;
  const path = join(folder, `hostile-${files}.onnx`);
  await writeFile(path, bytes);
  const predictor = await openModel({ weights: path, threads: 1 });
  try {
    const { probabilities } = await predictor.classify(IMAGE, predictor.inputSize, true);
    return probabilities!;
  } finally {
    await predictor.dispose();
  }
}

/** The line in which a file is refused. */
async function refusal(bytes: Uint8Array): Promise<string> {
  const error: unknown = await segmentWith(bytes).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(OtxError);
  const { message } = error as OtxError;
  expect(message).not.toMatch(/\n|onnxruntime|\.cc\b|::/);
  expect(message).toContain(join(folder, `hostile-${files}.onnx`));
  return message;
}

const node = (opType: string, input: string[], output: string[], domain = ''): NodeProto =>
  create(NodeProtoSchema, { opType, input, output, domain, name: `evil ${output[0]}` });

const int64s = (name: string, values: readonly number[]): TensorProto =>
  create(TensorProtoSchema, {
    name,
    dataType: 7,
    dims: [BigInt(values.length)],
    int64Data: values.map(BigInt),
  });

/** Puts nodes behind the input whose result of one value is added to the output, so that nothing can leave them out. */
function withNodes(nodes: readonly NodeProto[], initializers: readonly TensorProto[] = []) {
  return changed(({ graph }) => {
    const last = graph!.node.find(({ output }) => output.includes('output'))!;
    last.output = last.output.map((name) => (name === 'output' ? 'honest' : name));
    graph!.node.push(...nodes, node('Add', ['honest', 'evil'], ['output']));
    graph!.initializer.push(...initializers);
  });
}

const weightsOf = ({ graph }: ModelProto): TensorProto =>
  graph!.initializer.find(({ dataType, rawData }) => dataType === 1 && rawData.length > 100)!;

function setWeight(value: number) {
  return changed((model) => {
    const weights = weightsOf(model);
    const copy = weights.rawData.slice();
    new DataView(copy.buffer).setFloat32(40, value, true);
    weights.rawData = copy;
  });
}

test('an ordinary export gives probabilities', { timeout: 60_000 }, async () => {
  const found = await segmentWith(good);
  const model = await loadIsolated(good, { threads: 1, largestWeight: LARGEST });
  const shape = [1, 3, SIDE + 4, SIDE + 4];
  const { output } = await model.run({ input: { dtype: 'float32', shape, data: IMAGE } });
  await model.release();
  const said = output!.data as Float32Array;
  const [a, b, c] = [0, 1, 2].map((k) => said[k * (SIDE + 4) ** 2]!) as [number, number, number];
  expect(a + b + c).toBeCloseTo(1, 4);
  for (const [at, probability] of found.entries()) expect(probability).toBeCloseTo(said[at]!, 5);
});

describe('refused by looking', { timeout: 60_000 }, () => {
  const field = (no: number, ...data: number[]) => ({
    no,
    wireType: 2,
    data: Uint8Array.of(data.length, ...data),
  });
  const cases: [string, () => Uint8Array, RegExp][] = [
    ['an empty file', () => new Uint8Array(), /has no graph/],
    ['no ONNX', () => Buffer.from('\u0089PNG and more'), /not an ONNX file, or damaged/],
    ['half a file', () => good.subarray(0, good.length / 2), /not an ONNX file, or damaged/],
    [
      'weights in another file',
      () =>
        changed((model) => {
          const weights = weightsOf(model);
          weights.rawData = new Uint8Array();
          weights.$unknown = [field(13, 0x0a, 1, 0x78), { no: 14, wireType: 0, data: Uint8Array.of(1) }];
        }),
      /has weights in another file, which is not read/,
    ],
    [
      'an attribute in another file',
      () => {
        const constant = node('Constant', [], ['evil']);
        const t = create(TensorProtoSchema, { dataType: 1, dims: [1n] });
        t.$unknown = [{ no: 14, wireType: 0, data: Uint8Array.of(1) }];
        constant.attribute = [
          {
            $typeName: 'onnx.AttributeProto',
            name: 'value',
            f: 0,
            i: 0n,
            s: new Uint8Array(),
            t,
            floats: [],
            ints: [],
            strings: [],
            type: AttributeType.TENSOR,
          },
        ];
        return withNodes([constant]);
      },
      /has weights in another file/,
    ],
    ['a loop', () => withNodes([node('Loop', ['', ''], ['evil'])]), /is "Loop"; only operators of networks/],
    ['a branch', () => withNodes([node('If', ['input'], ['evil'])]), /is "If"; only operators/],
    [
      'a graph in an attribute',
      () => {
        const identity = node('Identity', ['input'], ['evil']);
        identity.attribute = [
          {
            $typeName: 'onnx.AttributeProto',
            name: 'body',
            f: 0,
            i: 0n,
            s: new Uint8Array(),
            floats: [],
            ints: [],
            strings: [],
            type: AttributeType.GRAPH,
            $unknown: [field(6, 0x12, 1, 0x78)],
          },
        ];
        return withNodes([identity]);
      },
      /has a graph within the graph/,
    ],
    [
      'sparse weights',
      () =>
        changed(({ graph }) => {
          graph!.$unknown = [field(15, 0x0a, 1, 0x78)];
        }),
      /has sparse weights/,
    ],
    [
      'a sequence of tensors',
      () => withNodes([node('SequenceEmpty', [], ['evil'])]),
      /is "SequenceEmpty"; only operators of networks/,
    ],
    [
      'an input that is a sequence',
      () =>
        changed(({ graph }) => {
          const { type } = graph!.input[0]!;
          type!.value = { case: undefined };
          type!.$unknown = [field(4, 0x0a, 0)];
        }),
      /not a usable model/,
    ],
    [
      'dimensions whose product is too large for a number',
      () =>
        changed((model) => {
          weightsOf(model).dims = [2n ** 33n, 2n ** 33n, 1n, 1n];
        }),
      /not a usable model \(.*Integer overflow/,
    ],
    [
      'functions',
      () =>
        changed((model) => {
          model.$unknown = [field(25, 0x0a, 1, 0x78)];
        }),
      /has functions of its own/,
    ],
    [
      'an operator of another domain',
      () => withNodes([node('FusedMatMul', ['input', 'input'], ['evil'], 'com.microsoft')]),
      /is an operator of "com\.microsoft"; only standard ones/,
    ],
    ['NaN in a weight', () => setWeight(Number.NaN), /holds NaN \(value 11 of \d+\)/],
    ['infinity in a weight', () => setWeight(Number.NEGATIVE_INFINITY), /holds -Infinity/],
    ['1e38 in a weight', () => setWeight(1e38), /holds 9\.99\d+e\+37/],
    [
      'a size beyond all screens',
      () =>
        changed(({ graph }) => {
          const { value } = graph!.input[0]!.type!;
          if (value.case !== 'tensorType') throw new Error('no tensor');
          for (const axis of [2, 3])
            value.value.shape!.dim[axis]!.value = { case: 'dimValue', value: 200_000n };
        }),
      /its input is 200000x200000; 8192x8192 is the most/,
    ],
  ];
  test.each(cases)('%s', async (_, bytes, reason) => {
    expect(await refusal(bytes())).toMatch(reason);
  });

  /** Hardly a network: the classes of a pixel are its colours. */
  const tiny = (side: number, decoys: number) =>
    changed(({ graph }) => {
      for (const { type } of [...graph!.input, ...graph!.output]) {
        if (type?.value.case !== 'tensorType') throw new Error('no tensor');
        for (const axis of [2, 3])
          type.value.value.shape!.dim[axis]!.value = { case: 'dimValue', value: BigInt(side) };
      }
      const [input] = graph!.input;
      const small = toBinary(ValueInfoProtoSchema, input!);
      graph!.input = Array.from({ length: decoys + 1 }, (_, n) => {
        const value = fromBinary(ValueInfoProtoSchema, small);
        if (n === decoys) return value;
        value.name = `decoy ${n}`;
        if (value.type?.value.case === 'tensorType')
          for (const axis of [2, 3])
            value.type.value.value.shape!.dim[axis]!.value = { case: 'dimValue', value: 32n };
        return value;
      });
      graph!.initializer = [];
      graph!.node = [node('Exp', ['input'], ['output'])];
    });

  test.each([0, 1])('a few bytes that claim a large input, behind %i small ones', async (decoys) => {
    const bytes = tiny(8192, decoys);
    expect(bytes.length).toBeLessThan(10_000);
    const before = process.memoryUsage().rss;
    expect(await refusal(bytes)).toMatch(/its input is 8192x8192, far too large for the \d+ kB of its file/);
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 2 ** 20);
  });
});

describe('stopped in its own process', { timeout: 120_000 }, () => {
  const limits = { memory: 700 * 2 ** 20, milliseconds: 8000 };
  const load = (bytes: Uint8Array) => loadIsolated(bytes, { threads: 1, largestWeight: LARGEST, limits });
  const feeds = { input: { dtype: 'float32', shape: [1, 3, SIDE + 4, SIDE + 4], data: IMAGE } } as const;

  /** A tensor of `sides`, in use at once. */
  const huge = (sides: readonly number[]) =>
    withNodes(
      [
        node('ReduceMean', ['input'], ['mean']),
        node('Expand', ['mean', 'sides'], ['large']),
        node('Exp', ['large'], ['larger']),
        node('ReduceMax', ['larger'], ['evil']),
      ],
      [int64s('sides', sides)],
    );

  test('gigabytes', async () => {
    const run = load(huge([1, 40, 10_000, 10_000])).then((model) => model.run(feeds).finally(model.release));
    await expect(run).rejects.toThrow(/takes more than 700 MB of memory/);
  });

  test('terabytes, which no system gives', async () => {
    expect(await refusal(huge([1000, 1000, 1000, 1000]))).toMatch(/not a usable model/);
  });

  test('work without end', async () => {
    // Products of large matrices, one after the other: little memory, much time.
    const chain = Array.from({ length: 400 }, (_, i) => node('MatMul', [`m${i}`, `m${i}`], [`m${i + 1}`]));
    const endless = withNodes(
      [
        node('ReduceMean', ['input'], ['mean']),
        node('Expand', ['mean', 'sides'], ['m0']),
        ...chain,
        node('ReduceMax', [`m${chain.length}`], ['evil']),
      ],
      [int64s('sides', [1, 1, 4000, 4000])],
    );
    const start = performance.now();
    const model = await load(endless);
    const runs = [1, 2].map(() => model.run(feeds));
    for (const run of runs) run.catch(() => undefined);
    for (const run of runs) await expect(run).rejects.toThrow(/takes more than 8 s/);
    await model.release();
    expect(performance.now() - start).toBeLessThan(60_000);
  });

  test('what is no probability for an image', async () => {
    const nonsense = withNodes([node('ReduceMean', ['input'], ['mean']), node('Log', ['mean'], ['evil'])]);
    expect(await refusal(nonsense)).toMatch(/gives what is not 13872 probabilities for an image/);
  });
});
