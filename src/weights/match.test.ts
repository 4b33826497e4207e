import { expect, test } from 'vitest';
import { matchWeights, type WantedVariable } from './match.js';
import type { WeightTensor } from './stored-tensor.js';

const tensor = (...shape: number[]): WeightTensor => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
});
const wanted: WantedVariable[] = [
  ...Array.from({ length: 20 }, (_, i) => ({ key: `backbone.w${i}`, shape: [2] })),
  { key: 'backbone.bn.num_batches_tracked', shape: [] },
  { key: 'decode_head.conv_seg.weight', shape: [3, 2] },
  { key: 'decode_head.conv_seg.bias', shape: [3] },
];
const options = { source: 'x.pth', expectBackbone: false };
const backbone = (count: number): [string, WeightTensor][] =>
  Array.from({ length: count }, (_, i) => [`backbone.w${i}`, tensor(2)]);

test('all that fits is loaded and nothing more is said', () => {
  const tensors = new Map([
    ...backbone(20),
    ['backbone.bn.num_batches_tracked', tensor()],
    ['decode_head.conv_seg.weight', tensor(3, 2)],
    ['decode_head.conv_seg.bias', tensor(3)],
  ] as [string, WeightTensor][]);
  const match = matchWeights(tensors, wanted, options);
  expect(match.loaded).toEqual(tensors);
  expect(match.loaded.get('backbone.w3')).toBe(tensors.get('backbone.w3'));
  expect(match.report).toBe('loaded 22 of 22 tensors from x.pth');
  expect([match.missing, match.unexpected, match.mismatched]).toEqual([[], [], []]);
});

test('what is missing, unexpected and of another shape is listed; counters are not counted', () => {
  const tensors = new Map([
    ...backbone(19),
    ['decode_head.conv_seg.weight', tensor(7, 2)],
    ['decode_head.conv_seg.bias', tensor(1, 3)],
    ['other.num_batches_tracked', tensor()],
    ['detconb.x\n\u001b[2J', tensor(1)],
  ] as [string, WeightTensor][]);
  const match = matchWeights(tensors, wanted, options);
  expect(match.loaded.size).toBe(19);
  expect(match.missing).toEqual(['backbone.w19']);
  expect(match.unexpected).toEqual(['detconb.x\n\u001b[2J']);
  expect(match.mismatched).toEqual([
    { key: 'decode_head.conv_seg.weight', found: [7, 2], wanted: [3, 2] },
    { key: 'decode_head.conv_seg.bias', found: [1, 3], wanted: [3] },
  ]);
  expect(match.report.split('\n')).toEqual([
    'loaded 19 of 22 tensors from x.pth',
    '  1 missing, keep their initial values: backbone.w19',
    '  2 of another shape, keep their initial values: decode_head.conv_seg.weight [7,2] instead of [3,2], decode_head.conv_seg.bias [1,3] instead of [3]',
    '  1 unexpected, not used: detconb.x\\n\\u001b[2J',
  ]);
});

test('long lists are cut', () => {
  expect(matchWeights(new Map(), wanted, options).report).toMatch(
    /22 missing, .*: backbone.w0, .*, backbone.w7 and 14 more$/,
  );
});

test('an expected backbone has to be there to 95 %', () => {
  const expecting = { ...options, expectBackbone: true };
  expect(matchWeights(new Map(backbone(19)), wanted, expecting).loaded.size).toBe(19);
  expect(() => matchWeights(new Map(backbone(18)), wanted, expecting)).toThrow(
    expect.objectContaining({
      code: 'checkpoint',
      message:
        'x.pth: only 18 of 20 tensors of the backbone fit, at least 95 % are expected; it belongs to another model (not there: backbone.w18, backbone.w19)',
    }),
  );
});

test('tensors of another shape do not make a backbone', () => {
  const narrow = new Map(backbone(20).map(([key]) => [key, tensor(3)]));
  expect(() => matchWeights(narrow, wanted, { ...options, expectBackbone: true })).toThrow(
    /only 0 of 20 .*backbone.w0 \[3\] instead of \[2\]/,
  );
});
