/** @file A plan for training on a data set: values by its fingerprint, and the time they take on this machine. */

import { availableParallelism } from 'node:os';
import type { Dataset, DatasetReport } from '../../data/index.js';
import { usualSize, windowStarts } from '../../inference/tiles/tile.js';
import type { JobEvent } from '../../runs/events.js';
import { type HyperParameters, inputSizes, resolveHyperParameters } from '../../settings/index.js';
import { parseTile } from '../../settings/kinds.js';
import {
  DEFAULT_SEED,
  embeddedBackbone,
  type FollowedRecipe,
  followRecipe,
  START_WORDS,
  type Template,
  valuesInWords,
} from '../../templates/index.js';
import { adviceFor } from './advice.js';
import {
  chooseInput,
  chooseValidation,
  chooseWeights,
  chooseWindows,
  explainBatch,
  type PlannedData,
} from './choose-values.js';
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
  const validation = validationImages === undefined ? chooseValidation({ report }) : undefined;
  const trained = validation
    ? Math.max(report.images - Math.max(Math.round(validation.value * report.images), 1), 1)
    : report.images;

  const start = (await embeddedBackbone(template)) ? 'embedded' : 'none';
  const { width, height } = usualSize(dataset.samples);
  const facts = { start, images: trained, side: Math.sqrt(width * height) } as const;
  const request = { recipe: 'auto', template, trainType: 'Incremental', isOwnModel: false } as const;
  const recipe = followRecipe({ ...request, asked: {} }, facts);
  const usualSide = inputSizes(recipe.settings).train;
  const data: PlannedData = { trainSet: dataset, report, objects, usualSide };
  const whole = chooseInput(data);
  const windows = chooseWindows(data, Number.parseInt(whole.value, 10));
  const input = windows?.input ?? whole;
  const usual = recipe.settings;
  const batch_size = Math.min(usual.learning_parameters.batch_size, trained);
  const asked = resolveHyperParameters(
    { hyperParameters: usual },
    {
      learning_parameters: { batch_size, input_size: input.value },
      ...(windows ? { tiling_parameters: { tile_size: windows.tile.value } } : {}),
    },
  );
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
  const { num_iters: epochs } = usual.learning_parameters;
  const time =
    speed &&
    estimate(
      speed,
      { threads, steps, epochs },
      (report.images - trained || (validationImages ?? 0)) * looksPerImage(dataset, chosen),
    );
  const made = stepsWithin(timeBudgetSeconds, time, epochs * steps);
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
    { name: 'recipe', value: 'auto', reason: reasonOfRecipe(recipe, start, epochs * steps) },
    { name: 'inputSize', ...input },
    ...(windows ? [{ name: 'tile', ...windows.tile } as const] : []),
    ...explainBatch(chosen, usual, trained, isTimed),
    ...(weights ? [{ name: 'classWeights', ...weights } as const] : []),
  ];
  return { values, time, advice: adviceFor(data, chosen, windows !== undefined) };
}

const PRETRAINED =
  'the published ImageNet backbone if it is here or its server answers, else the embedded one, if the template has one; they need ' +
  'fewer images and epochs. imagenet or embedded insist on one of them, none starts from random numbers';

/** What the recipe will choose of that which the plan leaves to it. */
function reasonOfRecipe({ values }: FollowedRecipe, start: 'embedded' | 'none', steps: number): string {
  const left = values.filter(({ name }) => !OF_THE_PLAN.includes(name));
  return (
    `chooses the rest when the training begins, by what it starts from: from the ImageNet backbone the documented settings, from ` +
    `${START_WORDS[start]} about ${steps} steps with ${valuesInWords(left)}`
  );
}

/** Settings that are in the plan themselves. */
const OF_THE_PLAN: readonly string[] = ['inputSize', 'batchSize'];

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
