import { expect, test } from 'vitest';
import type { RunState } from '../../runs/run-state.js';
import { settings } from '../../settings/index.js';
import { loadTemplate } from '../../templates/index.js';
import { initialRunState } from '../prepare/initial-run-state.js';
import { describeExtension, extendRun } from './extend-run.js';
import { checkUnfinished, type InterruptedRun } from './interrupted-run.js';

const template = loadTemplate('Lite-HRNet-18');

/** A run of four epochs. */
function runWith(changes: Partial<RunState>, learning: Record<string, string> = {}, timeBudget?: number) {
  const hyper_parameters = settings.resolve(settings.defaults, {
    learning_parameters: { num_iters: 4, ...learning },
  });
  const resume = {
    config: {
      template: template.name,
      seed: 1,
      hyper_parameters,
      ...(timeBudget === undefined ? {} : { time_budget: timeBudget }),
    },
    state: { ...initialRunState(4, 'plateau'), updates: 12, ...changes },
  };
  return {
    root: 'run',
    file: 'run/models/last.safetensors',
    checkpoint: { info: { hyperParameters: hyper_parameters, resume } },
    resume,
  } as unknown as InterruptedRun;
}
const finished: Partial<RunState> = { epoch: 4, finished: 'epochs' };

test('settings and plan have the new number, and all else that was remembered stays', () => {
  const run = runWith({
    ...finished,
    lastScore: 0.5,
    schedule: { best: 0.5, bad: 1, drops: 2, lastStep: 9 },
  });
  const extended = extendRun(run, 8);
  expect(extended.resume.state).toEqual({ ...run.resume.state, epochs: 8, finished: null });
  expect(extended.resume.config.hyper_parameters.learning_parameters?.num_iters).toBe(8);
  expect(extended.checkpoint.info.hyperParameters.learning_parameters?.num_iters).toBe(8);
  expect(extended.checkpoint.info.resume).toBe(extended.resume);
  expect(run.resume.state.finished).toBe('epochs');
  expect(() => checkUnfinished(extended)).not.toThrow();
});

test.each([
  ['plateau', /the learning rate goes on as 0 plateaus have left it$/],
  ['constant', /the learning rate stays at 0\.001$/],
  ['poly', /jumps to where the polynomial decay over 8 epochs is/],
])('what the schedule %s does is said', (learning_rate_schedule, message) => {
  const run = runWith(finished, { learning_rate_schedule });
  expect(describeExtension(run, extendRun(run, 8), template)).toMatch(message);
});

test('a run whose caller has asked for its end goes on as if it had been interrupted', () => {
  const run = runWith({ epoch: 2, finished: 'callback' });
  for (const epochs of [undefined, 4]) {
    const again = extendRun(run, epochs);
    expect(again.resume.state).toEqual({ ...run.resume.state, finished: null });
    expect(() => checkUnfinished(again)).not.toThrow();
    expect(describeExtension(run, again, template)).toBeUndefined();
  }
  expect(extendRun(run, 8).resume.state).toMatchObject({ epochs: 8, finished: null });
});

test('without other epochs it is the same run, and a finished one stays finished', () => {
  const run = runWith(finished);
  for (const epochs of [undefined, 4]) expect(extendRun(run, epochs)).toBe(run);
  expect(describeExtension(run, run, template)).toBeUndefined();
  expect(() => checkUnfinished(run)).toThrow(/is finished .*more learning_parameters\.num_iters than 4/);
});

test('no fewer epochs than there are', () => {
  expect(() => extendRun(runWith(finished), 3)).toThrow(/num_iters 3: 4 epochs are done; give more/);
  const under = runWith({ epoch: 2, step: 1 });
  expect(() => extendRun(under, 2)).toThrow(/2 epochs are done and one is under way/);
  expect(extendRun(under, 3).resume.state.epochs).toBe(3);
  expect(() => extendRun(runWith({ epoch: 2 }), 2)).toThrow(/2 epochs are done; give more/);
});

test('early stopping begins to wait again, also for the epochs that were planned', () => {
  const earlyStopping = { best: 0.5, wait: 5, bestStep: 3 };
  const run = runWith({ epoch: 3, finished: 'early-stopping', earlyStopping });
  const extended = extendRun(run, 4);
  expect(extended.resume.state).toMatchObject({
    finished: null,
    earlyStopping: { best: 0.5, wait: 0, bestStep: 12 },
  });
  expect(describeExtension(run, extended, template)).toMatch(/patience of early stopping begins again$/);
});

test('a time budget that is used up is not extended by epochs', () => {
  const run = runWith({ epoch: 2, finished: 'time-budget' }, {}, 60);
  expect(extendRun(run, 8)).toBe(run);
  expect(() => checkUnfinished(run)).toThrow(/time was up after 2 epochs\); to train on from its weights/);
  expect(extendRun(runWith({ epoch: 2 }, {}, 60), 8).resume.state.epochs).toBe(4);
});
