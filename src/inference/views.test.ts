import { describe, expect, test } from 'vitest';
import { Random } from '../base/random.js';
import type { Size } from '../data/index.js';
import type { Tensor } from '../graph/index.js';
import { describe as describeModel } from '../models/index.js';
import { convolution, type Scope } from '../nn/index.js';
import { initialState } from '../runs/state-dict.js';
import { samplePositions } from './class-map.js';
import { openNetwork } from './network.js';
import { mirrored, parseViews, sizeAtScale } from './views.js';

describe('the option tta', () => {
  test.each([
    [undefined, false, [1]],
    ['off', false, [1]],
    ['flip', true, [1]],
    ['scales', false, [0.75, 1, 1.25]],
    ['flip,scales', true, [0.75, 1, 1.25]],
    [' Scales, FLIP ', true, [0.75, 1, 1.25]],
  ])('%s', (text, isMirrored, scales) => {
    expect(parseViews(text)).toEqual({ isMirrored, scales });
  });

  test.each(['', 'on', 'flip,flip', 'flip,off', 'flip scales', 'rotate'])('refuses %j', (text) => {
    expect(() => parseViews(text)).toThrow(
      `tta is "${text}"; expected off, flip, scales, or flip,scales for both`,
    );
  });
});

test('views are of sizes that networks can halve, but for the usual one', () => {
  expect(sizeAtScale({ width: 544, height: 272 }, 1)).toEqual({ width: 544, height: 272 });
  expect(sizeAtScale({ width: 544, height: 272 }, 0.75)).toEqual({ width: 416, height: 192 });
  expect(sizeAtScale({ width: 544, height: 272 }, 1.25)).toEqual({ width: 672, height: 352 });
  expect(sizeAtScale({ width: 10, height: 10 }, 0.75)).toEqual({ width: 32, height: 32 });
});

test('every plane is mirrored left to right', () => {
  const planes = Float32Array.from({ length: 12 }, (_, i) => i);
  const result = mirrored(planes, { width: 3, height: 2 });
  expect([...result]).toEqual([2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9]);
  expect(mirrored(result, { width: 3, height: 2 })).toEqual(planes);
});

/** Bilinear, from one size to another, plane by plane. */
function resized(planes: Float32Array, from: Size, to: Size): Float32Array {
  const area = from.width * from.height;
  const [down, across] = [samplePositions(from.height, to.height), samplePositions(from.width, to.width)];
  const result: number[] = [];
  for (let base = 0; base < planes.length; base += area) {
    for (let y = 0; y < to.height; y++) {
      for (let x = 0; x < to.width; x++) {
        const at = (row: number, column: number) => planes[base + row * from.width + column]!;
        const [top, bottom, left, right] = [down.low[y]!, down.high[y]!, across.low[x]!, across.high[x]!];
        const [v, u] = [down.weight[y]!, across.weight[x]!];
        result.push(
          (1 - v) * ((1 - u) * at(top, left) + u * at(top, right)) +
            v * ((1 - u) * at(bottom, left) + u * at(bottom, right)),
        );
      }
    }
  }
  return Float32Array.from(result);
}

function softmaxOf(logits: Float32Array, classes: number): Float32Array {
  const area = logits.length / classes;
  const powers = logits.map(Math.exp);
  return powers.map((power, i) => {
    let total = 0;
    for (let k = 0; k < classes; k++) total += powers[k * area + (i % area)]!;
    return power / total;
  });
}

test('a network at several scales says the mean of what it says at each', async () => {
  const inputSize = { width: 80, height: 48 };
  const classes = 3;
  // It looks at neighbours, so that what it says depends on the scale.
  const model = (scope: Scope, images: Tensor) =>
    convolution(scope.child('conv'), images, { channels: classes, kernel: 5, bias: true });
  const { variables } = describeModel(model, [1, 3, 48, 80]);
  const state = initialState(variables, 5);
  const random = new Random('planes');
  const planes = Float32Array.from({ length: 3 * 48 * 80 }, () => random.range(-2, 2));
  const answer = async (size: Size, image: Float32Array, scales?: readonly number[]) => {
    const { forward, dispose } = await openNetwork({ model, state, inputSize: size, scales, threads: 1 });
    return forward(image).finally(dispose);
  };
  const scales = [0.75, 1, 1.25];
  const mean = new Float32Array(classes * 48 * 80);
  for (const scale of scales) {
    const size = sizeAtScale(inputSize, scale);
    const logits = await answer(size, resized(planes, inputSize, size));
    softmaxOf(resized(logits, size, inputSize), classes).forEach((p, i) => {
      mean[i]! += p / scales.length;
    });
  }
  const found = await answer(inputSize, planes, scales);
  expect(found).toHaveLength(mean.length);
  const usual = softmaxOf(await answer(inputSize, planes), classes);
  const distance = (a: Float32Array, b: Float32Array) => Math.max(...a.map((p, i) => Math.abs(p - b[i]!)));
  expect(distance(found, mean)).toBeLessThan(1e-4);
  expect(distance(found, usual)).toBeGreaterThan(0.01);
});
