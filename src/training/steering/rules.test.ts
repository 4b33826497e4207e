import { describe, expect, test } from 'vitest';
import { lookAtPlateau, PLATEAU_START, plateauLearningRate } from '../../optim/schedules/plateau.js';
import { learningRateAt } from '../../optim/schedules/schedules.js';
import { checkEarlyStopping, EARLY_STOPPING_START, type EarlyStoppingOptions } from './early-stopping.js';
import { validationInterval } from './validation-interval.js';

/** Golden numbers of the reference. */
test.each([
  [0, 3.333333e-4],
  [50, 6.666667e-4],
  [99, 9.933333e-4],
  [100, 1e-3],
  [5000, 1e-3],
])('plateau and constant with a warm-up of 100 steps to 1e-3: step %i has %f', (step, expected) => {
  for (const schedule of ['plateau', 'constant'] as const) {
    const options = { schedule, learningRate: 1e-3, warmUpSteps: 100 };
    expect(learningRateAt(options, { step, totalSteps: 9999, state: {} })).toBeCloseTo(expected, 9);
  }
});

test.each([
  [0, 8e-11],
  [10, 3.964436e-5],
  [19, 7.471542e-5],
  [20, 7.857657e-5],
  [500, 4.333505e-5],
  [999, 1.157626e-6],
])('poly from 8e-5 with a warm-up of 20 steps, 1000 in all: step %i has %f', (step, expected) => {
  const options = { schedule: 'poly', learningRate: 8e-5, warmUpSteps: 20 } as const;
  const rate = learningRateAt(options, { step, totalSteps: 1000, state: {} });
  expect(Math.abs(rate / expected - 1)).toBeLessThan(1e-6);
});

test('a poly plan that was shortened ends at its minimum, never below', () => {
  const options = { schedule: 'poly', learningRate: 8e-5, warmUpSteps: 0 } as const;
  expect(learningRateAt(options, { step: 11, totalSteps: 10, state: {} })).toBe(1e-6);
});

test('no warm-up starts at the full learning rate', () => {
  const options = { schedule: 'plateau', learningRate: 0.02, warmUpSteps: 0 } as const;
  expect(learningRateAt(options, { step: 0, totalSteps: 10, state: {} })).toBe(0.02);
  expect(learningRateAt(options, { step: 0, totalSteps: 10, state: { drops: 1 } })).toBeCloseTo(0.002, 12);
});

describe('reduce on plateau', () => {
  const options = { learningRate: 1e-3, warmUpSteps: 100, iterationPatience: 0 };
  /** The states after looking at each score in turn, 200 steps apart. */
  const trace = (scores: readonly number[], settings = options) => {
    let state = PLATEAU_START;
    return scores.map((score, index) => {
      state = lookAtPlateau(state, { score, step: 200 * (index + 1) }, settings);
      return state;
    });
  };

  test('the trace of the reference: ties are improvements, the fifth bad score lowers the rate', () => {
    const states = trace([0.1, 0.2, 0.2, 0.19, 0.18, 0.17, 0.16, 0.15]);
    expect(states.map(({ best }) => best)).toEqual([0.1, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2]);
    expect(states.map(({ bad }) => bad)).toEqual([0, 0, 0, 1, 2, 3, 4, 0]);
    expect(states.map(({ drops }) => drops)).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
  });

  test('a good score in between starts the count anew, and the best survives a drop', () => {
    const states = trace([0.5, 0.4, 0.4, 0.4, 0.4, 0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.45]);
    expect(states.map(({ bad }) => bad)).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]);
    expect(states.at(-1)).toEqual({ best: 0.5, bad: 1, drops: 1, lastStep: 2200 });
  });

  test('an iteration patience holds the drop back until enough steps have passed', () => {
    const scores = [0.5, ...new Array<number>(12).fill(0.4)];
    const drops = trace(scores, { ...options, iterationPatience: 1300 }).map((state) => state.drops);
    expect(drops).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
  });

  test('looks during the warm-up are not taken', () => {
    expect(lookAtPlateau(PLATEAU_START, { score: 0.9, step: 99 }, options)).toBe(PLATEAU_START);
    expect(lookAtPlateau(PLATEAU_START, { score: 0.9, step: 100 }, options).best).toBe(0.9);
  });

  test('the rate falls by tenths to 1e-6 and stays there', () => {
    expect(plateauLearningRate(1e-3, 1)).toBeCloseTo(1e-4, 15);
    expect(plateauLearningRate(1e-3, 3)).toBeCloseTo(1e-6, 15);
    expect(plateauLearningRate(5e-4, 3)).toBe(1e-6);
    expect(plateauLearningRate(5e-4, 9)).toBe(1e-6);
    const falling = Array.from({ length: 40 }, (_, index) => 1 - index / 100);
    expect(trace(falling, { learningRate: 5e-6, warmUpSteps: 0, iterationPatience: 0 }).at(-1)?.drops).toBe(
      1,
    );
  });
});

describe('early stopping', () => {
  const defaults: EarlyStoppingOptions = { start: 3, patience: 5, iterationPatience: 0, warmUpSteps: 100 };
  /** The epoch after which a training with these scores stops, and the last state. */
  const run = (scores: readonly number[], changes: Partial<EarlyStoppingOptions> = {}) => {
    let state = EARLY_STOPPING_START;
    for (const [index, score] of scores.entries()) {
      const epoch = index + 1;
      const checked = checkEarlyStopping(
        state,
        { epoch, step: 200 * epoch, score },
        { ...defaults, ...changes },
      );
      state = checked.state;
      if (checked.stop) return { stoppedAfter: epoch, state };
    }
    return { stoppedAfter: undefined, state };
  };

  test('the trace of the reference stops after epoch 8', () => {
    expect(run([0.1, 0.2, 0.2, 0.19, 0.18, 0.17, 0.16, 0.15])).toEqual({
      stoppedAfter: 8,
      state: { best: 0.2, wait: 5, bestStep: 600 },
    });
  });

  test('epochs before the start are not remembered, however good', () => {
    expect(run([0.9, 0.9, 0.1, 0.2])).toEqual({
      stoppedAfter: undefined,
      state: { best: 0.2, wait: 0, bestStep: 800 },
    });
  });

  test('an equal score is no improvement', () => {
    expect(run(Array(20).fill(0.5)).stoppedAfter).toBe(8);
  });

  test('scores during the warm-up do not count', () => {
    expect(run(Array(20).fill(0.5), { warmUpSteps: 1000 }).stoppedAfter).toBe(10);
  });

  test('the iteration patience has to run out too', () => {
    // Best at step 600; 1500 steps later is step 2100, reached in epoch 11.
    expect(run(Array(20).fill(0.5), { iterationPatience: 1500 }).stoppedAfter).toBe(11);
    expect(run(Array(20).fill(0.5), { iterationPatience: 1000 }).stoppedAfter).toBe(8);
  });

  test('a patience of 0 stops at the first score that is not better', () => {
    expect(run([0.1, 0.2, 0.3, 0.4, 0.4], { patience: 0 }).stoppedAfter).toBe(5);
  });
});

test('validation interval: five epochs for a few steps, every epoch from 48 steps on', () => {
  expect([1, 8, 10, 20, 30, 40, 48, 49, 500].map(validationInterval)).toEqual([5, 4, 4, 3, 2, 2, 2, 1, 1]);
});
