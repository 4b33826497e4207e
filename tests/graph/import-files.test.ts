/** @file Importing whole files: what they say of themselves, training mode, quantisation, and what is refused. */
import { describe, expect, test } from 'vitest';
import { OtxError } from '../../src/base/errors.js';
import { runGraph } from '../../src/engine/run-graph.js';
import { constant, input, reduceSum } from '../../src/graph/builders.js';
import { gradients } from '../../src/graph/gradients.js';
import { type ImportOptions, importModel } from '../../src/graph/import/import-model.js';
import { serializeModel } from '../../src/graph/onnx/serialize-model.js';
import { type FileParts, info, node, onnxFile, tensor, weight } from './onnx-files.js';
import { interpret } from './reference.js';

/** A convolution with its norm, pooled to rows of two numbers. */
const network = (parts: Partial<FileParts> = {}): Uint8Array =>
  onnxFile({
    inputs: [info('x', ['N', 3, 8, 8])],
    outputs: ['y'],
    nodes: [
      node('Conv', ['x', 'kernel'], ['c'], { pads: [1, 1, 1, 1] }),
      node('BatchNormalization', ['c', 'scale', 'shift', 'mean', 'var'], ['n'], { momentum: { float: 0.8 } }),
      node('Relu', ['n'], ['r']),
      node('GlobalAveragePool', ['r'], ['p']),
      node('Flatten', ['p'], ['f']),
      node('Gemm', ['f', 'head', 'bias'], ['y'], { transB: 1 }),
    ],
    weights: [
      weight('kernel', [4, 3, 3, 3]),
      ...[weight('scale', [4]), weight('shift', [4]), weight('mean', [4])],
      weight('var', [4], 0.5, 2),
      ...[weight('head', [2, 4]), weight('bias', [2])],
    ],
    ...parts,
  });

describe('a network of a file', () => {
  test('tells its inputs, outputs and weights', () => {
    const { inputs, outputs, weights, updates } = importModel(network(), { batch: 5 });
    expect(inputs.x!.shape).toEqual([5, 3, 8, 8]);
    expect(outputs.y!.shape).toEqual([5, 2]);
    expect(weights.map(({ key, kind }) => [key, kind])).toEqual([
      ['kernel', 'parameter'],
      ['scale', 'parameter'],
      ['var', 'statistic'],
      ['shift', 'parameter'],
      ['mean', 'statistic'],
      ['head', 'parameter'],
      ['bias', 'parameter'],
    ]);
    expect(weights[0]!.data).toHaveLength(108);
    expect(updates).toEqual([]);
  });

  test('is built on tensors that are given', () => {
    const x = input('picture', 'float32', [2, 3, 16, 12]);
    const asked: string[] = [];
    const { outputs } = importModel(network(), {
      inputs: { x },
      weight: ({ key, shape }) => {
        asked.push(key);
        return input(`my ${key}`, 'float32', shape);
      },
    });
    expect(outputs.y!.shape).toEqual([2, 2]);
    expect(asked).toHaveLength(7);
  });

  test('in training goes by the batch, and tells how its statistics move', () => {
    const { outputs, weights, updates } = importModel(network(), { batch: 2, training: true });
    expect(updates.map(({ key, keep }) => [key, keep])).toEqual([
      ['mean', expect.closeTo(0.8, 6)],
      ['var', expect.closeTo(0.8, 6)],
    ]);
    const count = 2 * 64;
    expect(updates.map(({ rate }) => rate)).toEqual([
      expect.closeTo(0.2, 6),
      expect.closeTo((0.2 * count) / (count - 1), 6),
    ]);
    const feeds = {
      x: Float32Array.from({ length: 384 }, (_, i) => Math.sin(i)),
      ...Object.fromEntries(weights.map(({ key, data }) => [key, data])),
    };
    const [y, mean] = interpret([outputs.y!, updates[0]!.target], feeds);
    const [other, again] = interpret([outputs.y!, updates[0]!.target], {
      ...feeds,
      mean: new Float32Array(4).fill(9),
    });
    expect(other).toEqual(y);
    expect(again).toEqual(mean);
  });

  test('is written again with the same values and an open batch', async () => {
    const first = importModel(network());
    const feeds = {
      x: Float32Array.from({ length: 192 }, (_, i) => Math.sin(i)),
      ...Object.fromEntries(first.weights.map(({ key, data }) => [key, data])),
    };
    const [expected] = await runGraph([first.outputs.y!], feeds);
    // Of two samples, so that the graph can be seen not to mix them.
    const fixed = importModel(network(), {
      batch: 2,
      weight: ({ data, shape }) => constant(data, shape),
    });
    const bytes = serializeModel({
      inputs: [fixed.inputs.x!],
      outputs: { y: fixed.outputs.y! },
      dynamicBatch: true,
    });
    const second = importModel(bytes, { batch: 3 });
    const repeated = Float32Array.from({ length: 3 * 192 }, (_, i) => Math.sin(i % 192));
    const [values] = await runGraph([second.outputs.y!], {
      x: repeated,
      ...Object.fromEntries(second.weights.map(({ key, data }) => [key, data])),
    });
    [...values!].forEach((value, i) => {
      expect(Number(value)).toBeCloseTo(Number(expected![i % 2]), 5);
    });
  });

  test('learns straight through quantisation, as far as values fit', () => {
    const bytes = onnxFile({
      inputs: [info('x', [4])],
      outputs: ['y'],
      nodes: [
        node('QuantizeLinear', ['x', 'scale', 'zero'], ['q']),
        node('DequantizeLinear', ['q', 'scale', 'zero'], ['y']),
      ],
      weights: [tensor('scale', [0.1], []), tensor('zero', [3], [], 'int8')],
    });
    const { inputs, outputs } = importModel(bytes);
    const [dx] = gradients(reduceSum(outputs.y!), [inputs.x!]);
    const [y, slope] = interpret([outputs.y!, dx!], { x: [0.26, -0.31, 50, -50] });
    expect([...y!].map((value) => value.toFixed(3))).toEqual(['0.300', '-0.300', '12.400', '-13.100']);
    expect([...slope!]).toEqual([1, 1, 0, 0]);
  });
});

/** The line in which a file is refused. */
function refusal(bytes: Uint8Array, options?: ImportOptions): string {
  try {
    importModel(bytes, options);
  } catch (error) {
    expect(error).toBeInstanceOf(OtxError);
    expect((error as OtxError).message).not.toContain('\n');
    return (error as OtxError).message;
  }
  throw new Error('it was imported');
}

const one = (nodes: FileParts['nodes'], weights: FileParts['weights'] = [], opset = 20): Uint8Array =>
  onnxFile({ inputs: [info('x', [2, 3])], outputs: ['y'], nodes, weights, opset });

describe('refused in one line', () => {
  test('operators that are not imported, with their node', () => {
    expect(refusal(one([node('OneHot', ['x', 'x', 'x'], ['y'])]))).toBe(
      'node "the OneHot" (OneHot): this operator is not imported; docs/import.md lists those that are',
    );
    expect(refusal(one([node('Loop', ['x'], ['y'])]))).toMatch(
      /^the ONNX model is refused: node "the Loop" is "Loop"/,
    );
  });

  test('versions that are not read', () => {
    expect(refusal(one([node('Relu', ['x'], ['y'])], [], 8))).toContain(
      'operators of version 8; versions 9 to 20',
    );
    expect(refusal(one([node('Relu', ['x'], ['y'])], [], 21))).toContain('operators of version 21');
  });

  test('shapes that do not fit, with the node', () => {
    expect(refusal(one([node('MatMul', ['x', 'w'], ['y'])], [weight('w', [2, 2])]))).toMatch(
      /^node "the MatMul" \(MatMul\): matMul\(.*inner sizes 3 and 2 differ$/,
    );
    expect(refusal(network(), { shapes: { x: [1, 4, 8, 8] } })).toMatch(
      /^node "the Conv" \(Conv\): .*4 channels/,
    );
  });

  test('open sizes beside the batch, and inputs that are not there', () => {
    expect(refusal(network({ inputs: [info('x', ['N', 3, 'H', 'W'])] }))).toBe(
      'input "x" of the ONNX model: the file says [?, 3, ?, ?] of its shape; say it in `shapes`',
    );
    expect(refusal(network(), { shapes: { image: [1] } })).toBe(
      'the ONNX model has no input "image"; its inputs are x',
    );
  });

  test('shapes that depend on values', () => {
    const bytes = one([node('Cast', ['x'], ['s'], { to: 7 }), node('Reshape', ['x', 's'], ['y'])]);
    expect(refusal(bytes)).toBe(
      'node "the Reshape" (Reshape): the shape must be known when the graph is built, but is computed from its inputs',
    );
  });

  test('weights in another file, damaged ones, and what is no file', () => {
    expect(refusal(new Uint8Array([8, 8, 255, 1]))).toContain('it is not an ONNX file, or damaged');
    const short = { ...weight('w', [3]), dims: [4n] };
    expect(refusal(one([node('Add', ['x', 'w'], ['y'])], [short]))).toBe(
      'weight "w": tensor "w" holds 3 values, its shape is [4]',
    );
    const far = { ...weight('w', [3]), $unknown: [{ no: 14, wireType: 0, data: new Uint8Array([1]) }] };
    expect(refusal(one([node('Add', ['x', 'w'], ['y'])], [far]))).toContain('weights in another file');
  });

  test('names that nothing computes', () => {
    expect(refusal(one([node('Relu', ['later'], ['y'])]))).toBe(
      'node "the Relu" (Relu): is given "later", which nothing before it computes',
    );
    expect(refusal(one([node('Relu', ['x'], ['z'])]))).toBe(
      'output "y" of the ONNX model is computed by no node',
    );
  });

  test('arithmetic without end', () => {
    const huge = tensor('n', [2 ** 40], [1], 'int64');
    expect(refusal(one([node('ConstantOfShape', ['n'], ['y'])], [huge]))).toContain('values to be computed');
    const large = tensor('n', [2 ** 22], [1], 'int64');
    const sums = Array.from({ length: 40 }, (_, i) => node('Add', [`a${i}`, `a${i}`], [`a${i + 1}`]));
    const many = [node('ConstantOfShape', ['n'], ['a0']), ...sums, node('Identity', ['a40'], ['y'])];
    expect(refusal(one(many, [large]))).toContain('values are computed while importing');
    const size = tensor('n', [2, 2 ** 22], [2], 'int64');
    const resizes = Array.from({ length: 20 }, (_, i) =>
      node('Resize', ['x', '', '', 'n'], [`y${i || ''}`], {
        coordinate_transformation_mode: 'align_corners',
      }),
    );
    const named = [
      ...resizes.slice(1),
      node(
        'Sum',
        resizes.slice(1).map(({ output }) => output[0]!),
        ['y'],
      ),
    ];
    expect(refusal(one(named, [size]))).toContain('values are computed while importing');
    const pads = tensor('p', [0, 2 ** 40, 0, 0], [4], 'int64');
    expect(refusal(one([node('Pad', ['x', 'p'], ['y'], { mode: 'edge' })], [pads]))).toContain(
      'values to be computed',
    );
  });

  test('names beyond all measure, before they are compared', () => {
    const long = (at: number) => `${'a'.repeat(100_000)}${at}`;
    const inputs = Array.from({ length: 100 }, (_, i) => info(long(i), [2]));
    const bytes = onnxFile({ inputs, outputs: ['y'], nodes: [node('Relu', [long(0)], ['y'])] });
    expect(refusal(bytes)).toMatch(
      /^the ONNX model is refused: the name "a{60}…" has 100001 characters, more/,
    );
    expect(refusal(one([{ ...node('Relu', ['x'], ['y']), name: long(1) }]))).toContain('100001 characters');
    const many = Array.from({ length: 20_000 }, (_, i) => info(`x${i}`, [2]));
    const plenty = onnxFile({ inputs: many, outputs: ['y'], nodes: [node('Relu', ['x0'], ['y'])] });
    expect(refusal(plenty, { shapes: { z: [1] } })).toBe(
      'the ONNX model has no input "z"; its inputs are x0, x1, x2, x3, x4 and 19995 more',
    );
  });

  test('values that are there twice', () => {
    const w = weight('w', [3]);
    expect(refusal(one([node('Relu', ['x'], ['y']), node('Neg', ['x'], ['y'])]))).toContain('"y" twice');
    expect(refusal(one([node('Relu', ['w'], ['w']), node('Add', ['x', 'w'], ['y'])], [w]))).toContain(
      'twice',
    );
    expect(refusal(one([node('Add', ['x', 'w'], ['y'])], [w, w]))).toContain('two weights of one name');
  });

  test('dimensions and sizes that no network has', () => {
    const ones = (count: number) => tensor('s', [6, ...new Array<number>(count).fill(1)], undefined, 'int64');
    const reshaped = node('Reshape', ['x', 's'], ['y']);
    expect(refusal(one([reshaped], [ones(100_000)]))).toContain('a tensor of 100001 dimensions');
    const axes = tensor(
      'a',
      Array.from({ length: 100_000 }, (_, i) => i),
      undefined,
      'int64',
    );
    expect(refusal(one([node('Unsqueeze', ['x', 'a'], ['y'])], [axes]))).toContain('100002 dimensions');
    const flat = weight('w', new Array<number>(1000).fill(1));
    expect(refusal(one([node('Add', ['x', 'w'], ['y'])], [flat]))).toContain('weight "w": a tensor of 1000');
    const inputs = [info('x', new Array<number>(1000).fill(1))];
    const nodes = [node('Relu', ['x'], ['y'])];
    expect(refusal(onnxFile({ inputs, outputs: ['y'], nodes }))).toContain('input "x" of the ONNX model: a');
    const times = tensor('t', [2 ** 30, 2 ** 30], undefined, 'int64');
    expect(refusal(one([node('Tile', ['x', 't'], ['y'])], [times]))).toContain('would make [2147483648,');
  });

  test('inputs that are named like what every object has', () => {
    const bytes = onnxFile({
      inputs: [info('toString', [2]), info('__proto__', [2])],
      outputs: ['y'],
      nodes: [node('Add', ['toString', '__proto__'], ['y'])],
    });
    expect(importModel(bytes, { inputs: {}, shapes: {} }).outputs.y!.shape).toEqual([2]);
  });
});
