/** @file A plan for training on a data set: values by its fingerprint, and the time they take on this machine. */

import { availableParallelism } from 'node:os';
import type { Dataset, DatasetReport } from '../../data/index.js';
import { usualSize, windowStarts } from '../../inference/tiles/tile.js';
import type { JobEvent } from '../../runs/events.js';
import { type HyperParameters, inputSizes, resolveHyperParameters } from '../../settings/index.js';
import { parseTile } from '../../settings/kinds.js';
import { DEFAULT_SEED, type Template } from '../../templates/index.js';
import { chooseInputSize } from '../../training/prepare/input-size.js';
import { adviceFor } from './advice.js';
import {
  chooseAugmentation,
  chooseEpochs,
  chooseInput,
  chooseValidation,
  chooseWeights,
  chooseWindows,
  explainBatch,
  type PlannedData,
} from './choose-values.js';
import { inWords } from './duration.js';
import { measureObjects } from './measure-objects.js';
import { PILOT_SECONDS, PILOT_SIDE } from './pilot.js';
import type { PlannedValue, TimeEstimate, TrainingPlan } from './plan.js';
import { type TrainingSpeed, timeTraining } from './time-training.js';

/** Of a time budget: reading the data, compiling, saving. */
const OVERHEAD_SECONDS = 15;

/** What a plan is made for. */
export interface PlanQuestion {
  /** What is to be learned from, what is validated on included where that is a part of it; nothing is left open. */
  readonly dataset: Dataset;
  readonly report: DatasetReport;
  /** Images of validation data of its own; undefined where a part of the data set is to be kept for it. */
  readonly validationImages: number | undefined;
  readonly template: Template;
  /** Default: all epochs may be made. */
  readonly timeBudgetSeconds?: number | undefined;
  /** Default: all that the process may use. */
  readonly threads?: number | undefined;
  /** Whether to make a few steps to see how long they take. */
  readonly isTimed: boolean;
  readonly onEvent: (event: JobEvent) => void;
  readonly signal?: AbortSignal | undefined;
}

/** @throws OtxError `image` for a file that cannot be read, `aborted` when the signal fires. */
export async function makePlan(question: PlanQuestion): Promise<TrainingPlan> {
  const { dataset, report, template, validationImages, timeBudgetSeconds, isTimed, signal } = question;
  const objects = await measureObjects(dataset, { seed: DEFAULT_SEED, signal });
  const automaticSize = chooseInputSize(dataset.samples, DEFAULT_SEED);
  const data: PlannedData = { trainSet: dataset, report, objects, automaticSize };
  const validation = validationImages === undefined ? chooseValidation(data) : undefined;
  const trained = validation
    ? Math.max(report.images - Math.max(Math.round(validation.value * report.images), 1), 1)
    : report.images;

  const whole = chooseInput(data);
  const windows = chooseWindows(data, Number.parseInt(whole.value, 10));
  const input = windows?.input ?? whole;
  const usual = template.hyperParameters;
  const batch_size = Math.min(usual.learning_parameters.batch_size, trained);
  const asked = resolveHyperParameters(template, {
    learning_parameters: { batch_size, input_size: input.value },
    ...(windows ? { tiling_parameters: { tile_size: windows.tile.value } } : {}),
  });
  const threads = question.threads ?? availableParallelism();
  const speed = isTimed
    ? await timeTraining({
        ...question,
        threads,
        hyperParameters: asked,
        trainSet: dataset,
        seed: DEFAULT_SEED,
      })
    : undefined;
  const chosen = speed?.hyperParameters ?? asked;
  const steps = Math.max(Math.floor(trained / chosen.learning_parameters.batch_size), 1);
  const epochs = chooseEpochs(steps, usual);
  const time =
    speed &&
    estimate(
      speed,
      { threads, steps, epochs: epochs.value },
      (report.images - trained || (validationImages ?? 0)) * looksPerImage(dataset, chosen),
    );
  const made = stepsWithin(timeBudgetSeconds, time, epochs.value * steps);
  const weights = chooseWeights(data);
  const values: PlannedValue[] = [
    { name: 'template', value: template.name, reason: reasonOf(template) },
    ...(validation ? [{ name: 'valShare', ...validation } as const] : []),
    ...(timeBudgetSeconds === undefined
      ? []
      : [
          {
            name: 'timeBudgetSeconds',
            value: timeBudgetSeconds,
            reason: `asked for; about ${made} steps`,
          } as const,
        ]),
    { name: 'pretrained', value: 'auto', reason: PRETRAINED },
    { name: 'recipe', value: 'otx', reason: RECIPE },
    { name: 'inputSize', ...input },
    ...(windows ? [{ name: 'tile', ...windows.tile } as const] : []),
    ...explainBatch(chosen, usual, trained, isTimed),
    { name: 'epochs', ...epochs },
    { name: 'augmentation', ...chooseAugmentation(made, usual) },
    ...(weights ? [{ name: 'classWeights', ...weights } as const] : []),
    ...warmup(made, usual),
    ...interval(time),
  ];
  return { values, time, advice: adviceFor(data, chosen, windows !== undefined) };
}

const PRETRAINED =
  'the published ImageNet backbone if it is here or its server answers, else the embedded one, if the template has one; they need ' +
  'fewer images and epochs. imagenet or embedded insist on one of them, none starts from random numbers';

const RECIPE =
  'the documented settings are what the values below were chosen for; auto puts others in the place of those that are left out';

const FASTEST = 'Lite-HRNet-s-mod2';

function reasonOf({ name, description }: Template): string {
  return name === FASTEST ? description : `${description}; ${FASTEST} takes half the time or less`;
}

/** How often the network is used in the validation of a usual image. */
function looksPerImage(dataset: Dataset, { tiling_parameters }: HyperParameters): number {
  const tile = parseTile(tiling_parameters.tile_size);
  if (!tile) return 1;
  const { width, height } = usualSize(dataset.samples);
  const starts = (length: number, window: number) =>
    windowStarts(length, window, tiling_parameters.tile_overlap).length;
  return starts(width, tile.width) * starts(height, tile.height);
}

function estimate(
  { secondsPerStep, stepsMeasured, secondsPerValidationImage, hyperParameters }: TrainingSpeed,
  { threads, steps, epochs }: { readonly threads: number; readonly steps: number; readonly epochs: number },
  validationImages: number,
): TimeEstimate {
  const { train } = inputSizes(hyperParameters);
  const pilotShare = (Math.min(train, PILOT_SIDE) / train) ** 2;
  const secondsPerEpoch = steps * secondsPerStep + validationImages * secondsPerValidationImage;
  return {
    ...{ threads, secondsPerStep, stepsMeasured, secondsPerEpoch },
    stepsPerEpoch: steps,
    seconds: epochs * secondsPerEpoch,
    pilotSteps: Math.floor(((PILOT_SECONDS - OVERHEAD_SECONDS) / (secondsPerEpoch * pilotShare)) * steps),
  };
}

/** Steps that a training makes, as far as its time lets it. */
function stepsWithin(budget: number | undefined, time: TimeEstimate | undefined, all: number): number {
  if (budget === undefined || !time) return all;
  const seconds = Math.max(budget - OVERHEAD_SECONDS, 0);
  return Math.min(Math.floor((seconds / time.secondsPerEpoch) * time.stepsPerEpoch), all);
}

/** A tenth of a short training is enough. */
const WARM_UP_SHARE = 0.1;

function warmup(steps: number, { learning_parameters }: HyperParameters): PlannedValue[] {
  const { learning_rate_warmup_iters: usual } = learning_parameters;
  const value = Math.max(Math.round(WARM_UP_SHARE * steps), 1);
  if (usual <= 2 * value) return [];
  return [
    {
      name: 'warmupSteps',
      value,
      reason: `a tenth of ${steps} steps; the default ${usual} is made for many more`,
    },
  ];
}

/** A validation after every step or two may take longer than the training. */
function interval(time: TimeEstimate | undefined): PlannedValue[] {
  if (!time) return [];
  const training = time.stepsPerEpoch * time.secondsPerStep;
  const validation = time.secondsPerEpoch - training;
  if (validation <= training) return [];
  const reason = `an epoch trains for ${inWords(training)}, and a validation takes ${inWords(validation)}: not after every epoch, then`;
  return [{ name: 'adaptiveInterval', value: true, reason }];
}
