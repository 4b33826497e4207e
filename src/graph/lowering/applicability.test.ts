/** @file Which rule takes which operator. That the results are right is tested with every table in tests/graph. */
import { describe, expect, test } from 'vitest';
import { averagePool, type ConvOptions, conv, input, reduceSum } from '../builders.js';
import { gradients } from '../gradients.js';
import { type AnyNode, reachableNodes, type Shape, type Tensor } from '../tensor.js';
import { blockedDense } from './blocked-dense.js';
import { blockedDepthwise } from './blocked-depthwise.js';
import { blockedPool } from './blocked-pool.js';
import { unfoldedWeightGrad } from './convolution.js';
import { type LoweringTable, lower } from './table.js';

/** Operators of a graph after lowering: literal ones by their ONNX name, with what they are left as otherwise. */
function operators(outputs: readonly Tensor[], table: LoweringTable): string[] {
  return reachableNodes(lower(outputs, table)).map((node: AnyNode) =>
    node.op === 'onnx' ? node.attributes.opType : node.op,
  );
}

interface Forms {
  readonly forward: boolean;
  readonly inputGrad: boolean;
  readonly weightGrad: boolean;
}

/** Which of the three forms of a convolution a table replaces. */
function replaced(x: Shape, weight: Shape, options: ConvOptions, table: LoweringTable): Forms {
  const [xs, ws] = [input('x', 'float32', x), input('w', 'float32', weight)];
  const y = conv(xs, ws, options);
  const [dx, dw] = gradients(reduceSum(y), [xs, ws]) as [Tensor, Tensor];
  return {
    forward: !operators([y], table).includes('conv'),
    inputGrad: !operators([dx], table).includes('convInputGrad'),
    weightGrad: !operators([dw], table).includes('convWeightGrad'),
  };
}

const all: Forms = { forward: true, inputGrad: true, weightGrad: true };
const none: Forms = { forward: false, inputGrad: false, weightGrad: false };

describe.each([8, 16] as const)('blocks of %d', (block) => {
  const depthwise = blockedDepthwise(block);
  const depthwiseTable: LoweringTable = {
    conv: depthwise.forward,
    convInputGrad: depthwise.inputGrad,
    convWeightGrad: depthwise.weightGrad,
  };
  const dense = blockedDense(block);
  const denseTable: LoweringTable = { conv: dense.forward, convInputGrad: dense.inputGrad };

  test('depthwise: any channel count, as long as images times channels is a multiple of four', () => {
    const options = (groups: number): ConvOptions => ({ groups, padding: 1 });
    expect(replaced([4, 7, 8, 8], [7, 1, 3, 3], options(7), depthwiseTable)).toEqual(all);
    expect(replaced([1, 20, 8, 8], [20, 1, 3, 3], options(20), depthwiseTable)).toEqual(all);
    expect(replaced([2, 7, 8, 8], [7, 1, 3, 3], options(7), depthwiseTable)).toEqual(none);
  });

  test('depthwise: no channel multipliers, no dense convolutions', () => {
    expect(replaced([4, 8, 8, 8], [16, 1, 3, 3], { groups: 8, padding: 1 }, depthwiseTable)).toEqual(none);
    expect(replaced([4, 16, 8, 8], [16, 16, 3, 3], { padding: 1 }, depthwiseTable)).toEqual(none);
  });

  test('dense: whole blocks of channels on both sides, more than one tap, one group', () => {
    const both = { ...none, forward: true, inputGrad: true };
    const s2 = { stride: 2, padding: 1 };
    expect(replaced([2, block, 8, 8], [2 * block, block, 3, 3], s2, denseTable)).toEqual(both);
    expect(replaced([2, 3, 8, 8], [block, 3, 3, 3], s2, denseTable)).toEqual(none);
    expect(replaced([2, block, 8, 8], [block + 4, block, 3, 3], s2, denseTable)).toEqual(none);
    expect(replaced([2, block, 8, 8], [block, block, 1, 1], {}, denseTable)).toEqual(none);
    expect(
      replaced([2, 2 * block, 8, 8], [block, block, 3, 3], { groups: 2, padding: 1 }, denseTable),
    ).toEqual(none);
  });

  test('dense: input gradients where the phases of the stride are alike and all of them are reached', () => {
    const inputGrad = (size: number, kernel: number, options: ConvOptions): boolean =>
      replaced([1, block, size, size], [block, block, kernel, kernel], options, denseTable).inputGrad;
    expect(inputGrad(9, 3, { padding: 1 })).toBe(true);
    expect(inputGrad(8, 3, { padding: 1, stride: 2 })).toBe(true);
    expect(inputGrad(9, 3, { padding: 1, stride: 2 })).toBe(false);
    expect(inputGrad(9, 2, { stride: 3 })).toBe(false);
    expect(inputGrad(9, 3, { padding: 2, dilation: 2 })).toBe(false);
  });

  test('pooling: wide maps only', () => {
    const pooled = (shape: Shape): boolean => {
      const y = averagePool(input('x', 'float32', shape), [2, 2]);
      return !operators([y], { averagePool: blockedPool(block) }).includes('averagePool');
    };
    expect(pooled([4, 5, 4, 128])).toBe(true);
    expect(pooled([4, 5, 128, 64])).toBe(false);
    expect(pooled([1, 5, 4, 128])).toBe(false);
  });
});

describe('unfolded weight gradients', () => {
  const unfolded = (channels: number, options: ConvOptions): string[] => {
    const [x, w] = [input('x', 'float32', [2, channels, 9, 8]), input('w', 'float32', [4, channels, 3, 3])];
    const y = conv(x, w, options);
    return operators(gradients(reduceSum(y), [w]), { convWeightGrad: unfoldedWeightGrad });
  };
  const count = (names: readonly string[], name: string): number => names.filter((n) => n === name).length;

  test('a stride is taken apart once, not in every slice', () => {
    expect(count(unfolded(3, { padding: 1, stride: 2 }), 'SpaceToDepth')).toBe(1);
    expect(count(unfolded(3, { padding: 1 }), 'SpaceToDepth')).toBe(0);
    expect(count(unfolded(3, { padding: 1, stride: [2, 1] }), 'SpaceToDepth')).toBe(0);
  });

  test('few channels share one product, many have one per tap', () => {
    expect(count(unfolded(3, { padding: 1 }), 'matMul')).toBe(1);
    expect(count(unfolded(16, { padding: 1 }), 'matMul')).toBe(9);
  });
});
