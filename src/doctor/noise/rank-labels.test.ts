import { expect, test } from 'vitest';
import { Random } from '../../base/random.js';
import { temporaryFolder } from '../../data/datasets/fixtures.cases.js';
import { openDataset, settleDataset } from '../../data/index.js';
import { resizeMask } from '../../data/transforms/resize.js';
import { generateScene } from '../../demo/generate.js';
import type { OpenedModel } from '../../inference/opened-model.js';
import { type CellMap, cellGrid, cellsOf } from './cells.js';
import { confidenceOf } from './confident.js';
import { writeNoisyScenes } from './plant-noise.cases.js';
import { rankDataset } from './rank-labels.js';
import { contradictionOf } from './score.js';

/** One row of cells: the label, the guess, and how sure the model is of both, of 255. */
const row = (
  ...cells: readonly (readonly [label: number, guess: number, guessed: number, believed: number])[]
): CellMap => {
  const column = (at: number) => Uint8Array.from(cells, (cell) => cell[at]!);
  return {
    width: cells.length,
    height: 1,
    label: column(0),
    guess: column(1),
    guessed: column(2),
    believed: column(3),
  };
};

test('a model has to be as sure of a class as it is on average where that is labelled', () => {
  const sure = row([0, 0, 200, 200], [0, 0, 240, 240], [1, 1, 100, 100]);
  const contradicting = row([0, 1, 119, 80], [0, 1, 121, 80], [1, 1, 140, 140], [255, 1, 255, 0]);
  const confidence = confidenceOf([sure, contradicting], 3);
  expect(confidence.thresholds).toEqual([(200 + 240 + 80 + 80) / 4, 120, 256]);
  const { marked, share, changes, score } = contradictionOf(contradicting, confidence);
  expect([...marked]).toEqual([0, 2, 0, 0]);
  // Ignored cells are not compared.
  expect(share).toBeCloseTo(1 / 3);
  expect(changes).toEqual([{ label: 0, guess: 1, share: 1 / 3 }]);
  expect(score).toBeGreaterThan(0);
  expect(contradictionOf(sure, confidence)).toMatchObject({ score: 0, share: 0, changes: [] });
});

test('one large region says more than as many cells here and there, and a rare confusion more than a frequent one', () => {
  const clean = row(
    ...new Array(20).fill([0, 0, 200, 200]),
    ...new Array(20).fill([1, 1, 200, 200]),
    [2, 2, 200, 200],
  );
  const wrong = [1, 0, 250, 5] as const;
  const fine = [1, 1, 200, 200] as const;
  const together = row(wrong, wrong, wrong, fine, fine, fine);
  const apart = row(wrong, fine, wrong, fine, wrong, fine);
  const rare = row([0, 1, 250, 5], [0, 1, 250, 5], [0, 1, 250, 5], fine, fine, fine);
  const confidence = confidenceOf([clean, together, apart, rare], 3);
  const scoreOf = (cells: CellMap) => contradictionOf(cells, confidence).score;
  expect(scoreOf(together)).toBeGreaterThan(scoreOf(apart));
  expect(scoreOf(rare)).toBeGreaterThan(scoreOf(together));
});

test('cells beside a border of labels are not compared', () => {
  const grid = { width: 4, height: 3 };
  const probabilities = new Float32Array(24).fill(0.5);
  const mask = Uint8Array.from([0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]);
  const { label } = cellsOf(probabilities, mask, grid, grid);
  expect([...label]).toEqual([0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 255, 255]);
});

test('what was planted comes first, for a model that knows the truth', async () => {
  const root = await temporaryFolder();
  const [width, height, seed] = [160, 128, 5];
  const subsets = { train: { images: 12, wrong: 3 } };
  const planted = await writeNoisyScenes(root, { width, height, seed, subsets });
  const dataset = await settleDataset(await openDataset(`${root}/train`));
  const inputSize = { width: 136, height: 136 };
  let at = 0;
  const random = new Random('model');
  const model: OpenedModel = {
    ...{ classes: dataset.classes, inputSize, threshold: undefined },
    tiling: { tile: 'off', overlap: 0 },
    hasProbabilities: true,
    atOnce: 1,
    dispose: async () => undefined,
    // Sure of the truth, more here and less there.
    classify: async (_planes, size) => {
      // Each image is followed by its mirror image.
      const { id } = dataset.samples[Math.floor(at / 2)]!;
      const isMirrored = at++ % 2 === 1;
      const truth = resizeMask(
        generateScene(`${seed}:train:${id}`, width, height).mask,
        { width, height },
        size,
      );
      const area = truth.length;
      const probabilities = new Float32Array(dataset.classes.length * area);
      truth.forEach((label, place) => {
        const x = place % size.width;
        const i = isMirrored ? place + size.width - 1 - 2 * x : place;
        const sure = 0.5 + 0.5 * random.uniform();
        for (let k = 0; k < dataset.classes.length; k++) probabilities[k * area + i] = (1 - sure) / 5;
        probabilities[label * area + i] = sure;
      });
      return { labels: truth, probabilities, milliseconds: 0 };
    },
  };
  const ranked = await rankDataset([dataset], model, { workers: 0 });
  const first = ranked.slice(0, planted.length).map(({ sample }) => sample.id);
  expect(first.sort()).toEqual(planted.map(({ name }) => name).sort());
  expect(ranked[planted.length]!.score).toBe(0);
  expect(cellGrid(inputSize)).toEqual({ width: 34, height: 34 });
});
