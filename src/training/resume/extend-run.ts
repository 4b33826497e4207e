/** @file More epochs for a run than it began with: it goes on with the optimiser's and the schedule's state as they are. */

import { OtxError, option } from '../../base/errors.js';
import { scheduleOf } from '../../optim/index.js';
import { type HyperParameters, resolveHyperParameters } from '../../settings/index.js';
import type { Template } from '../../templates/index.js';
import type { InterruptedRun } from './interrupted-run.js';

const EPOCHS = 'learning_parameters.num_iters';

/**
 * The run with another number of epochs; the same one where that is the number that it has anyway.
 *
 * @param epochs undefined for those of the run.
 * @throws OtxError `usage` for fewer epochs than are done.
 */
export function extendRun(ended: InterruptedRun, epochs: number | undefined): InterruptedRun {
  const run = unlessAsked(ended);
  const { state, config } = run.resume;
  const isStopped = state.finished === 'early-stopping';
  const isSame = epochs === config.hyper_parameters.learning_parameters?.num_iters;
  // What ended by the clock would be ended by it again after a step.
  if (epochs === undefined || (isSame && !isStopped) || state.finished === 'time-budget') return run;
  const done = state.step > 0 ? state.epoch + 1 : state.epoch;
  if (epochs < done || (epochs === done && state.step === 0)) {
    throw new OtxError(
      'usage',
      `${run.root}: cannot end at ${option(EPOCHS)} ${epochs}: ${state.epoch} epochs are done` +
        `${state.step > 0 ? ' and one is under way' : ''}; give more`,
    );
  }
  const resume = {
    ...run.resume,
    config: { ...config, hyper_parameters: withEpochs(config.hyper_parameters, epochs) },
    state: {
      ...state,
      // A plan made by the clock is made anew after the next epoch, from measured times.
      epochs: config.time_budget === undefined ? epochs : Math.min(state.epochs, epochs),
      finished: null,
      // Its patience has run out: it begins again, against the same best score.
      ...(isStopped && { earlyStopping: { ...state.earlyStopping, wait: 0, bestStep: state.updates } }),
    },
  };
  const { checkpoint } = run;
  const hyperParameters = withEpochs(checkpoint.info.hyperParameters, epochs);
  return {
    ...run,
    resume,
    checkpoint: { ...checkpoint, info: { ...checkpoint.info, hyperParameters, resume } },
  };
}

/** A run whose caller has asked for its end goes on as if it had been interrupted. */
function unlessAsked(run: InterruptedRun): InterruptedRun {
  const { resume, checkpoint } = run;
  if (resume.state.finished !== 'callback') return run;
  const again = { ...resume, state: { ...resume.state, finished: null } };
  return {
    ...run,
    resume: again,
    checkpoint: { ...checkpoint, info: { ...checkpoint.info, resume: again } },
  };
}

type Groups = InterruptedRun['checkpoint']['info']['hyperParameters'];

function withEpochs(groups: Groups, epochs: number): Groups {
  return { ...groups, learning_parameters: { ...groups.learning_parameters, num_iters: epochs } };
}

/** What becomes of a run that was extended, in one line; undefined for one that was not. */
export function describeExtension(
  before: InterruptedRun,
  extended: InterruptedRun,
  template: Template,
): string | undefined {
  if (before === extended) return undefined;
  const { state, config } = before.resume;
  const settings: HyperParameters = resolveHyperParameters(template, extended.resume.config.hyper_parameters);
  const { num_iters, learning_rate, learning_rate_schedule: schedule } = settings.learning_parameters;
  const plan = { learningRate: learning_rate, epochs: num_iters, state: state.schedule };
  const was = config.hyper_parameters.learning_parameters?.num_iters;
  if (was === num_iters && state.finished === 'callback') return undefined;
  const stopping = state.finished === 'early-stopping' ? '; the patience of early stopping begins again' : '';
  return `to ${num_iters} epochs (it began with ${was}): the optimiser's state is kept, ${scheduleOf(schedule).whenExtended(plan)}${stopping}`;
}
