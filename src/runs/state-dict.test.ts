import { describe, expect, test } from 'vitest';
import { layoutOf } from '../engine/step.js';
import { packState } from '../methods/model-state.js';
import type { VariableSpec } from '../nn/index.js';
import { type Checkpoint, checkpointOf } from './checkpoint.js';
import { initialState, packTensors, stateFromCheckpoint } from './state-dict.js';

const init: VariableSpec['init'] = (shape) => new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(-1);
const spec = (
  key: string,
  shape: number[],
  stateType: VariableSpec['stateType'] = 'float32',
): VariableSpec => ({
  key,
  shape,
  kind: stateType === 'int64' ? 'buffer' : 'parameter',
  init,
  stateType,
  repeats: 1,
});
const modelOf = (classes: number): VariableSpec[] => [
  spec('backbone.conv.weight', [2, 1]),
  spec('backbone.bn.num_batches_tracked', [], 'int64'),
  spec('decode_head.conv_seg.weight', [classes, 2, 1, 1]),
  spec('decode_head.conv_seg.bias', [classes]),
];
const classesOf = (...names: string[]) =>
  names.map((name) => ({ name, color: [0, 0, 0] as [number, number, number] }));

/** A checkpoint of classes background, car, tree; row i of the last layer holds 10 i. */
function checkpoint(): Checkpoint {
  const values = new Map<string, Float32Array>([
    ['backbone.conv.weight', Float32Array.of(5, 6)],
    ['backbone.bn.num_batches_tracked', Float32Array.of(12)],
    ['decode_head.conv_seg.weight', Float32Array.of(0, 0, 10, 10, 20, 20)],
    ['decode_head.conv_seg.bias', Float32Array.of(0, 10, 20)],
  ]);
  const layout = layoutOf('all', modelOf(3));
  return checkpointOf(
    {
      template: { id: 'x', name: 'x', model: 'x' },
      hyperParameters: {},
      classes: classesOf('background', 'car', 'tree'),
      metrics: null,
      progress: { epoch: 0, step: 0, seed: 0, best: null },
    },
    new Map(packTensors(layout, packState(layout, values), modelOf(3))),
  );
}

const load = (...names: string[]) => {
  const variables = modelOf(names.length);
  const { state, newClasses } = stateFromCheckpoint(
    checkpoint(),
    'file',
    variables,
    classesOf(...names),
    initialState(variables, 0),
  );
  return {
    weights: [...state.get('decode_head.conv_seg.weight')!],
    bias: [...state.get('decode_head.conv_seg.bias')!],
    state,
    newClasses,
  };
};

describe('weights from a checkpoint', () => {
  test('are taken as they are for the same classes, counters included', () => {
    const { state, bias, newClasses } = load('background', 'car', 'tree');
    expect([...state.get('backbone.conv.weight')!]).toEqual([5, 6]);
    expect([...state.get('backbone.bn.num_batches_tracked')!]).toEqual([12]);
    expect(bias).toEqual([0, 10, 20]);
    expect(newClasses).toEqual([]);
  });

  test('go by class name: reordered, dropped and new classes', () => {
    expect(load('background', 'tree', 'car')).toMatchObject({
      weights: [0, 0, 20, 20, 10, 10],
      bias: [0, 20, 10],
    });
    expect(load('background', 'tree')).toMatchObject({ weights: [0, 0, 20, 20], newClasses: [] });
    expect(load('background', 'bus', 'car', 'tree')).toMatchObject({
      weights: [0, 0, -1, -1, 10, 10, 20, 20],
      bias: [0, -1, 10, 20],
      newClasses: ['bus'],
    });
  });

  test('of another model are refused with the first tensor that does not fit', () => {
    const load = (variables: VariableSpec[]) => () =>
      stateFromCheckpoint(checkpoint(), 'file', variables, classesOf('background', 'car', 'tree'), new Map());
    expect(load([spec('backbone.other', [1])])).toThrow(
      /^file: has no backbone\.other; it belongs to another model/,
    );
    expect(load([spec('backbone.conv.weight', [1, 2])])).toThrow(/is \[2,1\], the model expects \[1,2\]/);
  });
});

test('counters of the model are int64 in a checkpoint, everything else float32, with the prefix before the name', () => {
  const layout = layoutOf('all', modelOf(1));
  const packed = (values: Float32Array, prefix: string) =>
    new Map(packTensors(layout, values, modelOf(1), (key) => prefix + key));
  const own = packed(Float32Array.of(1, 2, 7, 3, 4, 5), '');
  const counter = 'backbone.bn.num_batches_tracked';
  expect(own.get(counter)).toEqual({ dtype: 'I64', shape: [], data: BigInt64Array.of(7n) });
  // An average of counters.
  const others = packed(Float32Array.of(1, 2, 6.75, 3, 4, 5), 'state.teacher.');
  expect(others.get(`state.teacher.${counter}`)).toEqual({
    dtype: 'F32',
    shape: [],
    data: Float32Array.of(6.75),
  });
  expect(others.get('state.teacher.decode_head.conv_seg.weight')).toEqual({
    dtype: 'F32',
    shape: [1, 2, 1, 1],
    data: Float32Array.of(3, 4),
  });
});
