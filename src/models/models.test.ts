import { expect, test } from 'vitest';
import { input, lower, optimize, plainLowering, sizeOf } from '../graph/index.js';
import { serializeLowered } from '../graph/onnx/serialize.js';
import { ConstantStore, initialValue, noiseSize, Scope } from '../nn/index.js';
import { createSegmentor, describe } from './index.js';

/** Published sizes with two classes: parameters by child, state-dict entries, multiply-accumulates in units of 1e6. */
const expected = {
  'lite-hrnet-s': {
    backbone: 780_352,
    head: 48_542,
    children: {
      'backbone.stem': 12144,
      'backbone.transition0': 6824,
      'backbone.stage0': 105712,
      'backbone.transition1': 30600,
      'backbone.stage1': 625072,
      'decode_head.convs': 3720,
      'decode_head.aggregator': 44700,
    },
    entries: [1006, 44],
    megaMacs: { 512: 683, 544: 771 },
    headChannels: 60,
    stride: 8,
  },
  'lite-hrnet-18': {
    backbone: 1_054_032,
    head: 77_802,
    children: {
      'backbone.stem': 2864,
      'backbone.transition0': 4784,
      'backbone.stage0': 24996,
      'backbone.transition1': 14000,
      'backbone.stage1': 287112,
      'backbone.transition2': 53600,
      'backbone.stage2': 666676,
      'decode_head.convs': 1680,
      'decode_head.aggregator': 76040,
    },
    entries: [1368, 56],
    megaMacs: { 512: 1308, 544: 1477 },
    headChannels: 40,
    stride: 4,
  },
  'lite-hrnet-x': {
    backbone: 1_414_274,
    head: 89_362,
    children: {
      'backbone.stem': 7470,
      'backbone.transition0': 6156,
      'backbone.stage0': 15152,
      'backbone.transition1': 5620,
      'backbone.stage1': 110912,
      'backbone.transition2': 14000,
      'backbone.stage2': 406232,
      'backbone.transition3': 53600,
      'backbone.stage3': 795132,
      'decode_head.convs': 3720,
      'decode_head.aggregator': 85520,
    },
    entries: [2748, 74],
    megaMacs: { 512: 4158, 544: 4694 },
    headChannels: 60,
    stride: 2,
  },
  'segnext-t': {
    backbone: 3_903_584,
    head: 321_794,
    children: {
      'backbone.patch_embed1': 5184,
      'backbone.block1': 78336,
      'backbone.norm1': 64,
      'backbone.patch_embed2': 18624,
      'backbone.block2': 273408,
      'backbone.patch_embed3': 92640,
      'backbone.block3': 1539200,
      'backbone.patch_embed4': 369408,
      'backbone.block4': 1525760,
      'decode_head.squeeze': 123392,
      'decode_head.hamburger': 131840,
      'decode_head.align': 66048,
    },
    entries: [537, 14],
    megaMacs: { 512: 5947, 544: 6714 },
    headChannels: 256,
    stride: 8,
  },
  'segnext-s': {
    backbone: 13_450_176,
    head: 444_674,
    children: {
      'backbone.patch_embed1': 19584,
      'backbone.block1': 182272,
      'backbone.norm1': 128,
      'backbone.patch_embed2': 74112,
      'backbone.block2': 675840,
      'backbone.patch_embed3': 369600,
      'backbone.block3': 4715520,
      'backbone.patch_embed4': 1476096,
      'backbone.block4': 5935104,
      'decode_head.squeeze': 246272,
      'decode_head.hamburger': 131840,
      'decode_head.align': 66048,
    },
    entries: [423, 14],
    megaMacs: { 512: 15189, 544: 17147 },
    headChannels: 256,
    stride: 8,
  },
  'segnext-b': {
    backbone: 26_277_824,
    head: 1_282_562,
    children: {
      'backbone.patch_embed1': 19584,
      'backbone.block1': 273408,
      'backbone.norm1': 128,
      'backbone.patch_embed2': 74112,
      'backbone.block2': 1013760,
      'backbone.patch_embed3': 369600,
      'backbone.block3': 14146560,
      'backbone.patch_embed4': 1476096,
      'backbone.block4': 8902656,
      'decode_head.squeeze': 492544,
      'decode_head.hamburger': 525824,
      'decode_head.align': 263168,
    },
    entries: [841, 14],
    megaMacs: { 512: 31787, 544: 35885 },
    headChannels: 512,
    stride: 8,
  },
};

for (const [name, size] of Object.entries(expected)) {
  const segmentor = createSegmentor(name, { numClasses: 2 });
  const { variables, parameters, outputShape } = describe(segmentor, [1, 3, 64, 96]);
  const below = (prefix: string) => variables.filter(({ key }) => key.startsWith(`${prefix}.`));
  const parametersBelow = (prefix: string) =>
    below(prefix)
      .filter(({ kind }) => kind === 'parameter')
      .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);

  test(`${name} has the published number of parameters, child by child`, () => {
    expect(parametersBelow('backbone')).toBe(size.backbone);
    expect(parametersBelow('decode_head')).toBe(size.head);
    expect(parameters).toBe(size.backbone + size.head);
    const children = Object.keys(size.children).map((child) => [child, parametersBelow(child)]);
    expect(Object.fromEntries(children)).toEqual(size.children);
  });

  test(`${name} has the published state-dict entries, each once`, () => {
    expect([below('backbone').length, below('decode_head').length]).toEqual(size.entries);
    expect(new Set(variables.map(({ key }) => key)).size).toBe(variables.length);
  });

  test(`${name} costs the published multiply-accumulates`, () => {
    for (const [side, megaMacs] of Object.entries(size.megaMacs)) {
      const { macs } = describe(segmentor, [1, 3, Number(side), Number(side)]);
      expect(Math.round(macs / 1e6)).toBe(megaMacs);
    }
  });

  test(`${name} gives logits at its head resolution`, () => {
    expect(outputShape).toEqual([1, 2, 64 / size.stride, 96 / size.stride]);
  });

  test(`${name} grows by one row of the classifier per class`, () => {
    const seven = describe(createSegmentor(name, { numClasses: 7 }), [1, 3, 64, 96]);
    expect(seven.parameters - parameters).toBe(5 * (size.headChannels + 1));
  });
}

test('an override changes the depth of the named network', () => {
  const mini = createSegmentor('lite-hrnet-s', {
    numClasses: 5,
    override: { modules: [1, 1], blocks: [1, 1] },
  });
  const keys = describe(mini, [1, 3, 64, 64]).variables.map(({ key }) => key);
  expect(keys).toContain('backbone.stage1.0.layers.0.depthwise_convs.2.conv.weight');
  expect(keys.filter((key) => /stage\d\.1\.|\.layers\.1\./.test(key))).toEqual([]);
});

test('an unknown name and a wrong override are template errors that say what is possible', () => {
  expect(() => createSegmentor('lite-hrnet-17', { numClasses: 2 })).toThrow(
    /unknown model "lite-hrnet-17".*lite-hrnet-18/,
  );
  expect(() => createSegmentor('lite-hrnet-s', { numClasses: 2, override: { modules: [1] } })).toThrow(
    /\[1\] must have 2 numbers/,
  );
  expect(() => createSegmentor('segnext-t', { numClasses: 2, override: { modules: [1] } })).toThrow(
    /only Lite-HRNets/,
  );
});

test('SegNeXt draws noise per sample for every block but the first, rising with depth, and per channel in the head', () => {
  const { noise } = describe(createSegmentor('segnext-t', { numClasses: 2 }), [3, 3, 64, 64]);
  expect(noise.slice(0, 3)).toEqual([
    { key: 'backbone.block1.1.drop_path_1', shape: [3, 1, 1, 1] },
    { key: 'backbone.block1.1.drop_path_2', shape: [3, 1, 1, 1] },
    { key: 'backbone.block1.2.drop_path_1', shape: [3, 1, 1, 1] },
  ]);
  expect(noise.at(-1)).toEqual({ key: 'decode_head.dropout.noise', shape: [3, 256, 1, 1] });
  expect(noiseSize(noise)).toBe(3 * (2 * 12 + 256));
});

test('Lite-HRNets draw no noise', () => {
  expect(describe(createSegmentor('lite-hrnet-s', { numClasses: 2 }), [1, 3, 64, 64]).noise).toEqual([]);
});

test('the bases of the factorisation start as non-negative columns of length one and are no parameter', () => {
  const { variables } = describe(createSegmentor('segnext-t', { numClasses: 2 }), [1, 3, 64, 64]);
  const bases = variables.find(({ key }) => key === 'decode_head.hamburger.ham.bases')!;
  expect([bases.kind, bases.shape]).toEqual(['buffer', [1, 256, 16]]);
  const values = initialValue(bases, 7);
  for (let r = 0; r < 16; r++) {
    const column = values.filter((_, i) => i % 16 === r);
    expect(Math.min(...column)).toBeGreaterThanOrEqual(0);
    expect(Math.hypot(...column)).toBeCloseTo(1, 5);
  }
});

test('MSCAN starts with layer scales of 0.01 and fan-out normal convolutions, groups divided out', () => {
  const { variables } = describe(createSegmentor('segnext-t', { numClasses: 2 }), [1, 3, 64, 64]);
  const initial = (key: string) => initialValue(variables.find((spec) => spec.key === key)!, 3);
  const deviation = (values: Float32Array) => Math.hypot(...values) / Math.sqrt(values.length);
  expect(new Set(initial('backbone.block2.1.layer_scale_2'))).toEqual(new Set([Math.fround(0.01)]));
  expect(new Set(initial('backbone.block2.1.mlp.dwconv.bias'))).toEqual(new Set([0]));
  expect(deviation(initial('backbone.block2.1.mlp.dwconv.weight')) / Math.sqrt(2 / 9)).toBeCloseTo(1, 1);
  expect(deviation(initial('backbone.block2.1.mlp.fc1.weight')) / Math.sqrt(2 / 512)).toBeCloseTo(1, 1);
});

test('an evaluation graph of SegNeXt has standard operators only and any batch size', () => {
  const segmentor = createSegmentor('segnext-t', { numClasses: 2 });
  const { variables } = describe(segmentor, [1, 3, 64, 64]);
  const zeros = new Map(variables.map(({ key, shape }) => [key, new Float32Array(sizeOf(shape))]));
  const images = input('images', 'float32', [2, 3, 64, 64]);
  const logits = segmentor(new Scope(new ConstantStore(zeros), false), images);
  const [lowered] = optimize(lower(optimize([logits]), plainLowering));
  const file = serializeLowered({ inputs: [images], outputs: { logits: lowered! }, dynamicBatch: true });
  expect(Buffer.from(file).includes('com.microsoft')).toBe(false);
});
