import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import {
  add,
  averagePool,
  batchNorm,
  constant,
  conv,
  cumSum,
  expand,
  gatherElements,
  greaterOrEqual,
  input,
  matMul,
  mul,
  positive,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  resizeNearest,
  scatterElements,
  softmax,
  sort,
  take,
  transpose,
} from '../builders.js';
import { createNode, type Tensor, withScope } from '../tensor.js';
import { ModelProtoSchema } from './onnx_pb.js';
import { serializeLowered } from './serialize.js';

const parse = (description: Parameters<typeof serializeLowered>[0]) =>
  fromBinary(ModelProtoSchema, serializeLowered(description));

const x = input('x', 'float32', [2, 3, 4, 4]);

describe('serializeLowered', () => {
  it('writes versions, names, types and metadata', () => {
    const y = withScope('head.conv', () => relu(x));
    const model = parse({ inputs: [x], outputs: { y }, metadata: { labels: 'a b' }, name: 'net' });
    expect(model.irVersion).toBe(9n);
    expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([['', 20n]]);
    expect(model.metadataProps.map(({ key, value }) => [key, value])).toEqual([['labels', 'a b']]);
    expect(model.graph?.name).toBe('net');
    expect(model.graph?.node[0]).toMatchObject({ name: 'head.conv/Relu#1', input: ['x'], output: ['y'] });
    const type = model.graph?.input[0]?.type?.value;
    expect(type?.value?.elemType).toBe(1);
    expect(type?.value?.shape?.dim.map((d) => d.value.value)).toEqual([2n, 3n, 4n, 4n]);
  });

  it('gives equal bytes for equal graphs built at different times', () => {
    const build = () => {
      const a = input('a', 'float32', [2, 2]);
      return serializeLowered({ inputs: [a], outputs: { y: reduceSum(add(a, 1), { axes: [0] }) } });
    };
    expect(build()).toEqual(build());
  });

  it('shares equal int64 arguments and never merges float constants', () => {
    const [a, b] = [1, 2].map(() => constant([1, 2, 3, 4], [4]));
    const parts = [reshape(x, [2, 48]), reshape(relu(x), [2, 48])] as const;
    const model = parse({ inputs: [x], outputs: { p: parts[0], q: parts[1], r: add(a!, b!) } });
    expect(model.graph?.initializer.filter(({ dataType }) => dataType === 7)).toHaveLength(1);
    expect(model.graph?.initializer.filter(({ dataType }) => dataType === 1)).toHaveLength(2);
  });

  it('writes constants as little-endian raw data', () => {
    const model = parse({ inputs: [x], outputs: { y: constant([1, -2], [2]) } });
    const bytes = model.graph?.initializer[0]?.rawData;
    expect(Array.from(bytes ?? [])).toEqual([0, 0, 128, 63, 0, 0, 0, 192]);
  });

  it('copies inputs, constants and second names through Identity', () => {
    const y = relu(x);
    const model = parse({ inputs: [x], outputs: { y, again: y, same: x, c: constant([7], [1]) } });
    expect(model.graph?.node.map(({ opType }) => opType)).toEqual([
      'Relu',
      'Identity',
      'Identity',
      'Identity',
    ]);
    expect(model.graph?.output.map(({ name }) => name)).toEqual(['y', 'again', 'same', 'c']);
  });

  it('uses the contrib matrix product only where it is needed', () => {
    const a = input('a', 'float32', [2, 3]);
    const model = parse({ inputs: [a], outputs: { y: matMul(matMul(a, a, { transB: true }), a) } });
    expect(model.graph?.node.map(({ opType, domain }) => [opType, domain])).toEqual([
      ['FusedMatMul', 'com.microsoft'],
      ['MatMul', ''],
    ]);
    expect(model.opsetImport.map(({ domain }) => domain)).toEqual(['', 'com.microsoft']);
  });

  it.each([
    ['positive', () => positive(x)],
    ['batchNorm', () => batchNorm(x, constant([1, 1, 1], [3]), constant([0, 0, 0], [3]), 1e-5).y],
    ['resizeNearest', () => resizeNearest(x, [6, 6])],
  ] as const)('refuses %s, which needs lowering, and names the module', (op, build) => {
    const y = withScope('stem.block', build) as Tensor;
    expect(() => serializeLowered({ inputs: [x], outputs: { y } })).toThrow(
      new RegExp(`${op}.*stem\\.block.*lowering`),
    );
  });

  it('refuses an input that is not listed', () => {
    expect(() => serializeLowered({ inputs: [], outputs: { y: relu(x) } })).toThrow(/"x".*not listed/);
  });
});

describe('a free batch size', () => {
  const weight = constant(new Float32Array(5 * 3), [5, 3, 1, 1]);
  const dims = (model: ReturnType<typeof parse>, which: 'input' | 'output') =>
    model.graph?.[which][0]?.type?.value.value?.shape?.dim.map((d) => d.value.value);

  it('names the dimension and lets reshape and expand follow it', () => {
    const features = averagePool(conv(x, weight), [2, 2]);
    const tokens = transpose(reshape(features, [2, 5, 4]), [0, 2, 1]);
    const gate = expand(reduceMean(tokens, { axes: [1], keepDims: true }), [2, 4, 5]);
    const model = parse({ inputs: [x], outputs: { y: mul(tokens, gate) }, dynamicBatch: true });
    expect(dims(model, 'input')).toEqual(['batch', 3n, 4n, 4n]);
    expect(dims(model, 'output')).toEqual(['batch', 4n, 5n]);
    const ints = model.graph?.initializer
      .filter(({ dataType }) => dataType === 7)
      .map(({ rawData }) => Array.from(new BigInt64Array(rawData.slice().buffer)));
    expect(ints).toContainEqual([0n, 5n, 4n]);
    expect(ints).toContainEqual([1n, 4n, 5n]);
  });

  it('leaves the order within a sample to it', () => {
    const { values, positions } = sort(x, 1);
    const sums = gatherElements(cumSum(values, 2), positions, 1);
    const model = parse({
      inputs: [x],
      outputs: { y: scatterElements(x, positions, sums, 1) },
      dynamicBatch: true,
    });
    expect(dims(model, 'output')).toEqual(['batch', 3n, 4n, 4n]);
  });

  it.each([
    ['a mean over the batch', () => reduceMean(x, { axes: [0], keepDims: true })],
    ['samples folded into channels', () => reshape(x, [1, 6, 4, 4])],
    ['a constant per sample', () => add(x, constant([1, 2], [2, 1, 1, 1]))],
    ['samples picked one by one', () => take(x, 0, [0, 0])],
    ['samples in the order of their values', () => sort(x, 0).values],
    ['samples added up', () => cumSum(x, 0)],
    [
      'the same positions for two samples',
      () => gatherElements(x, constant(new BigInt64Array(96), [2, 3, 4, 4]), 1),
    ],
    [
      'samples multiplied with each other',
      () => {
        const rows = reshape(x, [2, 48]);
        return matMul(rows, rows, { transB: true });
      },
    ],
    [
      'an unknown literal operator',
      () =>
        createNode('onnx', [x], {
          opType: 'LpNormalization',
          domain: '',
          attributes: {},
          types: [{ dtype: 'float32', shape: x.shape }],
        })[0]!,
    ],
  ])('is refused for %s', (_, build) => {
    expect(() => serializeLowered({ inputs: [x], outputs: { y: build() }, dynamicBatch: true })).toThrow(
      /batch size cannot be left open/,
    );
  });

  // Softmax over [1, 2N] mixes samples, which shows only where there are two.
  it('is refused for a graph of one sample, whatever it does', () => {
    const one = input('x', 'float32', [1, 2, 3]);
    const mixing = softmax(reshape(one, [1, 1, 6]), 2);
    for (const y of [mixing, relu(one)])
      expect(() => serializeLowered({ inputs: [one], outputs: { y }, dynamicBatch: true })).toThrow(
        /built for one sample/,
      );
  });
});

describe('forms of operators', () => {
  const map = input('map', 'float32', [2, 3, 4, 4]);
  const nodesOf = (description: Parameters<typeof serializeLowered>[0]) => parse(description).graph!.node;

  it('writes a resize with the sizes of all axes, of an open batch too', () => {
    const y = resizeNearest(map, [8, 8]);
    const fixed = parse({ inputs: [map], outputs: { y } }).graph!;
    expect(fixed.node.map(({ opType }) => opType)).toEqual(['Resize']);
    expect(fixed.node[0]!.attribute.map(({ name }) => name)).not.toContain('axes');
    const sizes = fixed.initializer.find(({ name }) => name === fixed.node[0]!.input[3])!;
    expect([...new BigInt64Array(sizes.rawData.slice().buffer)]).toEqual([2n, 3n, 8n, 8n]);
    const open = nodesOf({
      inputs: [map],
      outputs: { y, z: relu(resizeNearest(relu(map), [8, 8])) },
      dynamicBatch: true,
    });
    expect(open.map(({ opType }) => opType).sort()).toEqual(
      ['Concat', 'Relu', 'Relu', 'Resize', 'Resize', 'Shape', 'Slice'].sort(),
    );
  });

  it('writes axes and sizes as attributes where the version wants them', () => {
    const y = reduceMean(map, { axes: [2, 3] });
    const attributesAt = (opset: number) =>
      nodesOf({ inputs: [map], outputs: { y }, opset })[0]!.attribute.map(({ name }) => name);
    expect(attributesAt(17)).toContain('axes');
    expect(attributesAt(18)).not.toContain('axes');
    const model = parse({ inputs: [map], outputs: { y }, opset: 11 });
    expect([model.irVersion, model.opsetImport[0]!.version]).toEqual([6n, 11n]);
  });

  it('refuses versions that it does not know, and operators that a version lacks', () => {
    expect(() => parse({ inputs: [map], outputs: { y: relu(map) }, opset: 21 })).toThrow(
      /opset 21 is not written; 11 to 20/,
    );
    expect(() => parse({ inputs: [map], outputs: { y: greaterOrEqual(map, 0) }, opset: 11 })).toThrow(
      /greaterOrEqual.* is not in opset 11 \(it came with 12\)/,
    );
  });

  const kernel = constant(
    Float32Array.from({ length: 76 * 27 }, (_, i) => Math.sin(i)),
    [76, 3, 3, 3],
  );
  const typesOf = (weights: 'float32' | 'float16' | 'int8') => {
    const { node, initializer } = parse({ inputs: [map], outputs: { y: conv(map, kernel) }, weights }).graph!;
    return [node.map(({ opType }) => opType), initializer.map(({ dataType }) => dataType)];
  };
  it('stores weights as they are, as halves, or as integers with a factor for each channel', () => {
    expect(typesOf('float32')).toEqual([['Conv'], [1]]);
    expect(typesOf('float16')).toEqual([['Cast', 'Conv'], [10]]);
    expect(typesOf('int8')).toEqual([
      ['Cast', 'Mul', 'Conv'],
      [3, 1],
    ]);
  });
});
