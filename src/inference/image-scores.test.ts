import { expect, test } from 'vitest';
import { ImageScores } from './image-scores.js';
import type { ScoredImage } from './validate.js';

/** Of 8x8 pixels: half background, half of class 1, of which the first `found` are predicted. */
function image(id: string, found: number, ignored = 0): ScoredImage {
  const truth = new Uint8Array(64).fill(1, 0, 32).fill(255, 0, ignored);
  const prediction = new Uint8Array(64).fill(1, 0, found);
  const sample = { id, imagePath: `${id}.png`, maskPath: '', width: 8, height: 8 };
  return { sample, width: 8, height: 8, truth, prediction };
}

test('every image is scored, and the worst are kept, lowest first', () => {
  const scores = new ImageScores({ classes: 3, scored: [0, 1, 2], kept: 3 });
  for (const [id, found, ignored] of [
    ['half', 16, 0],
    ['whole', 32, 0],
    ['unknown', 0, 64],
    ['none', 0, 0],
    ['also none', 0, 0],
    ['most', 24, 0],
  ] as const) {
    scores.add(image(id, found, ignored));
  }
  expect(scores.all.map(({ name, mDice, accuracy }) => [name, mDice, accuracy])).toEqual([
    // Background: 2·32 / (32 + 48); the class: 2·16 / (32 + 16). Class 2 does not occur.
    ['half', (64 / 80 + 32 / 48) / 2, 0.75],
    ['whole', 1, 1],
    ['unknown', Number.NaN, Number.NaN],
    ['none', (64 / 96 + 0) / 2, 0.5],
    ['also none', (64 / 96 + 0) / 2, 0.5],
    ['most', (64 / 72 + 48 / 56) / 2, 0.875],
  ]);
  expect(scores.all[0]!.image).toBe('half.png');
  expect(scores.worst.map(({ sample }) => sample.id)).toEqual(['none', 'also none', 'half']);
});

test('an image without a score is the last to be kept', () => {
  const scores = new ImageScores({ classes: 2, scored: [0, 1], kept: 2 });
  scores.add(image('unknown', 0, 64));
  scores.add(image('whole', 32));
  expect(scores.worst.map(({ sample }) => sample.id)).toEqual(['whole', 'unknown']);
  scores.add(image('half', 16));
  expect(scores.worst.map(({ sample }) => sample.id)).toEqual(['half', 'whole']);
});

test('large masks are reduced, and none are kept where no sheet is wanted', () => {
  const size = { width: 1000, height: 500 };
  const sample = { id: 'a', imagePath: 'a.png', maskPath: '', ...size };
  const mask = new Uint8Array(500_000);
  const large = { sample, ...size, truth: mask, prediction: mask };
  const scores = new ImageScores({ classes: 2, scored: [0, 1], kept: 1 });
  scores.add(large);
  expect(scores.worst[0]).toMatchObject({ width: 320, height: 160 });
  expect(scores.worst[0]!.truth).toHaveLength(320 * 160);
  const without = new ImageScores({ classes: 2, scored: [0, 1], kept: 0 });
  without.add(large);
  expect(without.worst).toEqual([]);
  expect(without.all).toHaveLength(1);
});
