import { describe, expect, test } from 'vitest';
import { type PickleValue, Tuple } from './pickle-values.js';
import { locateStateDict, referenceNames } from './state-dict-names.js';

const dict = (values: Record<string, PickleValue>): PickleValue => new Map(Object.entries(values));
/** Stands for a tensor. */
const TENSOR = 'tensor';
const weights = dict({ 'backbone.a': TENSOR });
const locate = (root: PickleValue) => {
  const { entries, classNames, layout } = locateStateDict(root, (value) => value === TENSOR);
  return { names: [...entries.keys()], classNames, layout };
};
const names = ['backbone.a'];

describe('finding the state dict', () => {
  const meta = dict({ CLASSES: new Tuple(['background', 'crack']), epoch: 3 });
  const labels = dict({ crack: [255, 0, 0] });

  test.each<[string, PickleValue, ReturnType<typeof locate>]>([
    ['alone', weights, { names, classNames: undefined, layout: 'plain state dict' }],
    [
      'under state_dict',
      dict({ epoch: 1, state_dict: weights }),
      { names, classNames: undefined, layout: 'state_dict' },
    ],
    ['under model', dict({ model: weights }), { names, classNames: undefined, layout: 'state_dict' }],
    [
      'of mmcv',
      dict({ meta, state_dict: weights, optimizer: dict({}) }),
      { names, classNames: ['background', 'crack'], layout: 'mmcv checkpoint' },
    ],
    [
      'of OTX',
      dict({ model: dict({ meta, state_dict: weights }), config: dict({}), labels, VERSION: 1 }),
      { names, classNames: ['background', 'crack'], layout: 'OTX snapshot' },
    ],
    [
      'of OTX, with labels alone',
      dict({ model: dict({ state_dict: weights }), labels, VERSION: 1 }),
      { names, classNames: ['background', 'crack'], layout: 'OTX snapshot' },
    ],
    [
      'of OTX, without state_dict',
      dict({ model: weights, VERSION: 1 }),
      { names, classNames: undefined, layout: 'OTX snapshot' },
    ],
    [
      'with class names that are none',
      dict({ meta: dict({ CLASSES: [1, 2] }), state_dict: weights }),
      { names, classNames: undefined, layout: 'mmcv checkpoint' },
    ],
  ])('%s', (_, root, expected) => {
    expect(locate(root)).toEqual(expected);
  });

  test.each<[string, PickleValue, RegExp]>([
    ['a number', 5, /holds no dict/],
    ['a tensor alone', TENSOR, /holds no dict/],
    ['an empty dict', dict({}), /its keys are \(none\)/],
    ['a dict of numbers', dict({ epoch: 1, lr: 0.1 }), /its keys are "epoch", "lr"/],
    ['a state dict one level too deep', dict({ state_dict: dict({ net: weights }) }), /no tensors in it/],
  ])('%s is refused', (_, root, reason) => {
    expect(() => locate(root)).toThrow(reason);
  });
});

describe('names', () => {
  const rename = (...inFile: string[]) => [...referenceNames(inFile).keys()];

  test('those of the reference stay', () => {
    expect(rename('backbone.stem.w', 'decode_head.conv_seg.bias', 'proto_net.x')).toEqual([
      'backbone.stem.w',
      'decode_head.conv_seg.bias',
      'proto_net.x',
    ]);
  });

  test('a backbone alone gets its prefix, and the head it was trained with is left out', () => {
    expect(rename('stem.conv1.weight', 'stage0.x', 'head.fc.weight', 'head.bias')).toEqual([
      'backbone.stem.conv1.weight',
      'backbone.stage0.x',
    ]);
    expect(rename('backbone.a', 'head.fc.weight')).toEqual(['backbone.a']);
  });

  test('other heads keep their names', () => {
    expect(rename('stem.w', 'decode_head.conv_seg.weight')).toEqual([
      'backbone.stem.w',
      'decode_head.conv_seg.weight',
    ]);
  });

  test('the prefix of parallel training goes when all have it', () => {
    expect(rename('module.backbone.a', 'module.decode_head.b')).toEqual(['backbone.a', 'decode_head.b']);
    expect(rename('module.stem.w', 'module.head.w')).toEqual(['backbone.stem.w']);
    expect(rename('module.a', 'backbone.b')).toEqual(['module.a', 'backbone.b']);
  });

  test('official SegNeXt files nest one convolution more', () => {
    expect(rename('backbone.block1.0.mlp.dwconv.dwconv.weight', 'backbone.block1.0.mlp.fc1.bias')).toEqual([
      'backbone.block1.0.mlp.dwconv.weight',
      'backbone.block1.0.mlp.fc1.bias',
    ]);
  });

  test('the names of the file are kept beside them', () => {
    expect(referenceNames(['module.stem.w'])).toEqual(new Map([['backbone.stem.w', 'module.stem.w']]));
  });

  test('two tensors do not become one', () => {
    expect(() => rename('backbone.mlp.dwconv.dwconv.w', 'backbone.mlp.dwconv.w')).toThrow(
      /two of its tensors are "backbone.mlp.dwconv.w"/,
    );
  });
});
