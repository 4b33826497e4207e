/** @file A checkpoint that a training in a browser goes on from: read, and checked before anything is computed. */

import { z } from 'zod';
import { OtxError } from '../base/errors.js';
import { parseJson } from '../base/parse-json.js';
import { quoted } from '../base/text.js';
import { AUGMENTATION_NAMES, SIGMA_SCALES } from '../data/augmentation.js';
import { sizeOf } from '../graph/types.js';
import { LOSS_NAMES } from '../losses/loss.js';
import type { VariableSpec } from '../nn/index.js';
import { OPTIMIZER_NAMES, scheduleOf } from '../optim/index.js';
import { SCHEDULE_NAMES } from '../optim/schedules/schedules.js';
import { checkpointProblem, checksum } from '../runs/checkpoint-bytes.js';
import type { SegmentationMetrics } from '../runs/metrics.js';
import { type RunState, runStateSchema, stateProblem } from '../runs/run-state.js';
import { startSchema } from '../runs/start.js';
import { floatsOf, type StateDict } from '../runs/state-dict.js';
import { decodeSafetensors, type SafeTensor } from '../weights/safetensors.js';
import { isTrainingState } from '../weights/training-state.js';
import { fingerprintOf, type RunOrigin, sha256 } from './files.js';
import { type ChosenSettings, LARGEST_INPUT, MOST } from './settings.js';
import { WEB_TEMPLATES, webTemplate } from './templates.js';

type Tensors = ReadonlyMap<string, SafeTensor>;

/** A training to go on with, of a browser or of `otx train`. */
export interface WebCheckpoint {
  /** For messages; the name of the file. */
  readonly name: string;
  /** `last.safetensors`: all that a training goes on with. */
  readonly last: Uint8Array;
  /** `weights.safetensors` of the same training: its best weights. Default: the best of what follows are kept. */
  readonly weights?: Uint8Array | undefined;
}

/** The best weights of a training so far. */
export interface BestWeights {
  readonly tensors: Tensors;
  readonly metrics: SegmentationMetrics | undefined;
  /** From 1. */
  readonly epoch: number;
}

/** A training as it goes on. */
export interface ResumedRun extends ChosenSettings, Pick<RunOrigin, 'start'> {
  readonly origin: RunOrigin;
  /** Epochs in all, before there were to be others. */
  readonly planned: number;
  readonly state: RunState;
  readonly best: BestWeights | undefined;
  readonly tensors: Tensors;
  /** What should be known. */
  readonly notices: readonly string[];
}

const count = (least: number) => z.int().min(least).max(MOST);
const learningSchema = z.looseObject({
  ...{ batch_size: count(1), num_iters: count(1), validation_interval: count(1) },
  ...{ learning_rate: z.number().gt(0).max(1), learning_rate_warmup_iters: count(0) },
  ...{ learning_rate_schedule: z.enum(SCHEDULE_NAMES), plateau_iteration_patience: count(0) },
  ...{ optimizer: z.enum(OPTIMIZER_NAMES), loss: z.enum(LOSS_NAMES) },
  ...{ augmentation: z.enum(AUGMENTATION_NAMES), sigma_scale: z.enum(SIGMA_SCALES) },
  input_size: z.string().regex(/^(Default|(\d{1,4})x\2)$/),
});
const value = z.union([z.number(), z.string(), z.boolean()]);
const groups = z.record(z.string(), z.record(z.string(), value));
const fingerprint = z.object({ classes: z.array(z.string()), samples: z.int(), hash: z.string() });
/** Of a checkpoint, see src/runs/checkpoint.ts, what is needed here. */
const infoSchema = z.looseObject({
  format: z.literal(1),
  template: z.object({ id: z.string(), name: z.string(), model: z.string() }),
  hyperParameters: groups,
  data: z.looseObject({ readings: z.array(z.unknown()) }).optional(),
  start: startSchema.optional(),
  recipe: z.string().optional(),
  metrics: z.looseObject({ mDice: z.number().nullable() }).nullable(),
  resume: z
    .looseObject({
      config: z.looseObject({
        seed: count(0),
        time_budget: z.number().optional(),
        from_program: z.array(z.string()).optional(),
        hyper_parameters: groups,
      }),
      engine: z.string().optional(),
      device: z.string().optional(),
      knownClasses: z.array(z.string()).nullable(),
      data: z.object({ train: fingerprint, validation: fingerprint.optional() }),
      state: runStateSchema,
    })
    .optional(),
});
type Info = z.infer<typeof infoSchema>;
type Resume = NonNullable<Info['resume']>;

/** Settings that a tab cannot follow, with the value that they must have. */
const FIXED: readonly (readonly [name: string, value: number | boolean | string])[] = [
  ['class_weights', 'none'],
  ['rare_crop_share', 0],
  ['ema_decay', 0],
  ['swa_start', 1],
  ['accumulate', 1],
  ['sync_batch_norm', false],
  ['use_adaptive_interval', false],
  ['enable_supcon', false],
];

const inTerminal = 'go on with it in a terminal: otx train --resume-from RUN';

/**
 * Reads a checkpoint and checks that a tab can go on with it.
 *
 * @param epochs in all, those that are done among them. Default: as many as were planned.
 * @throws OtxError `checkpoint` for a file that is damaged or holds no training, `usage` for one that a tab cannot go on with, or has
 * come to its end.
 */
export function readRun({ name, last, weights }: WebCheckpoint, epochs?: number): ResumedRun {
  const { info, tensors } = decodeCheckpoint(last, name);
  const { resume, hyperParameters: given, start = { kind: 'none' as const } } = info;
  if (!resume) {
    throw new OtxError(
      'checkpoint',
      `${name}: holds weights, but not the state of a training; give last.safetensors of a run`,
    );
  }
  const template = webTemplate(info.template.name);
  const refuse = (what: string) =>
    new OtxError('usage', `${name}: ${what}, which no tab does; ${inTerminal}`);
  if (info.template.model !== template.model) throw refuse(`trains ${quoted(info.template.model)}`);
  const type = given.algo_backend?.train_type ?? 'Incremental';
  if (type !== 'Incremental') throw refuse(`is of the train_type ${type}`);
  if (resume.config.time_budget !== undefined) throw refuse('goes by a time budget');
  if (resume.config.from_program?.length) throw refuse(`has ${resume.config.from_program.join(', ')}`);
  if (info.data?.readings.length) throw refuse('reads its pictures in a way of its own');
  const known = WEB_TEMPLATES['Lite-HRNet-s-mod2'].hyperParameters;
  const learning = { ...known.learning_parameters, ...given.learning_parameters };
  const other = FIXED.find(([setting, wanted]) => learning[setting as keyof typeof learning] !== wanted);
  if (other) throw refuse(`has ${other[0]} ${learning[other[0] as keyof typeof learning]}`);
  const parsed = learningSchema.safeParse(learning);
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join('.');
    throw new OtxError('checkpoint', `${name}: a setting cannot be used here (${where}); ${inTerminal}`);
  }
  if (Number.parseInt(parsed.data.input_size, 10) > LARGEST_INPUT)
    throw refuse(`has an input of ${parsed.data.input_size}`);
  const state = extended(name, resume.state, epochs);
  const learning_parameters = { ...learning, ...parsed.data, num_iters: state.epochs };
  const notices: string[] = [];
  if (state.epochs !== resume.state.epochs) {
    const plan = { learningRate: learning.learning_rate, epochs: state.epochs, state: state.schedule };
    const words = scheduleOf(parsed.data.learning_rate_schedule).whenExtended(plan);
    notices.push(`to ${state.epochs} epochs (it began with ${resume.state.epochs}): ${words}`);
  }
  if (learning.enable_early_stopping)
    notices.push('this training does not stop early in a tab: stop it by hand');
  if (state.lossScale) notices.push('this training was in mixed precision; in a tab it goes on in float32');
  const best = bestOf(info, { state, tensors, weights }, name, notices);
  const config = resume.config.hyper_parameters;
  return {
    ...{ template, seed: resume.config.seed, state, best, tensors, notices, start },
    planned: resume.state.epochs,
    hyperParameters: { ...known, ...given, learning_parameters } as ChosenSettings['hyperParameters'],
    overrides: {
      ...config,
      learning_parameters: { ...config.learning_parameters, num_iters: state.epochs },
    },
    origin: {
      ...{ start, recipe: info.recipe, knownClasses: resume.knownClasses, config: resume.config },
      ...{ engine: { engine: resume.engine, device: resume.device }, data: resume.data },
    },
  };
}

/** @throws OtxError `checkpoint` for what is no checkpoint, or is damaged. */
function decodeCheckpoint(bytes: Uint8Array, name: string) {
  const { tensors, metadata } = decodeSafetensors(bytes, name);
  if (metadata.otx === undefined)
    throw new OtxError(
      'checkpoint',
      `${name}: holds tensors, but was not written by otx (no "otx" metadata)`,
    );
  const isWhole = metadata.sha256 === checksum(tensors, sha256);
  const isSaid = metadata.sha256_otx === undefined || metadata.sha256_otx === sha256([metadata.otx]);
  if (!isWhole || !isSaid) throw new OtxError('checkpoint', `${name}: damaged; copy it again`);
  const problem = checkpointProblem(tensors);
  if (problem) throw new OtxError('checkpoint', `${name}: not usable weights (${problem})`);
  let content: unknown;
  try {
    content = parseJson(metadata.otx);
  } catch (error) {
    throw new OtxError('checkpoint', `${name}: damaged (its metadata is no JSON)`, { cause: error });
  }
  const parsed = infoSchema.safeParse(content);
  if (parsed.success) return { info: parsed.data, tensors };
  const where = parsed.error.issues[0]?.path.join('.');
  throw new OtxError(
    'checkpoint',
    `${name}: written in a form that is not read here (at ${quoted(where || 'the top')})`,
  );
}

/** The state with as many epochs as it is to have. */
function extended(name: string, { ...state }: Resume['state'], epochs = state.epochs): RunState {
  const done = state.step > 0 ? state.epoch + 1 : state.epoch;
  if (!Number.isInteger(epochs) || epochs > MOST)
    throw new OtxError('usage', `epochs is ${epochs}; expected a whole number up to ${MOST}`);
  if (epochs < done || (epochs === done && state.step === 0)) {
    const under = state.step > 0 ? ', and one is under way' : '';
    throw new OtxError(
      'usage',
      `${name}: ${state.epoch} epochs are done${under}, of ${epochs}; give more epochs`,
    );
  }
  return { ...state, epochs, finished: null };
}

/** The best weights, where they are at hand; else the state forgets which they were. */
function bestOf(
  { template }: Info,
  {
    state,
    tensors,
    weights,
  }: { readonly state: RunState; readonly tensors: Tensors; readonly weights: WebCheckpoint['weights'] },
  name: string,
  notices: string[],
): BestWeights | undefined {
  const { best } = state;
  if (!best) return undefined;
  const { epoch, metrics } = best;
  if (epoch === state.epoch && state.step === 0) {
    const learned = [...tensors].filter(([key]) => !isTrainingState(key));
    return { tensors: new Map(learned), metrics, epoch };
  }
  const given = weights && decodeCheckpoint(weights, `weights of ${name}`);
  if (given && given.info.template.model === template.model && given.info.metrics?.mDice === metrics.mDice)
    return { tensors: given.tensors, metrics, epoch };
  state.best = null;
  const why = given ? 'are of another training' : 'were not given with it';
  notices.push(`the best weights so far, of epoch ${epoch}, ${why}: the best of what follows are kept`);
  return undefined;
}

/** @throws OtxError `dataset` for other pictures than those that a training began with, `checkpoint` for an impossible state. */
export function checkPictures(
  { origin, state, hyperParameters }: ResumedRun,
  facts: Parameters<typeof fingerprintOf>[0] & {
    readonly train: Parameters<typeof fingerprintOf>[1];
    readonly validation: Parameters<typeof fingerprintOf>[1];
  },
): void {
  for (const [part, name] of [
    ['train', 'to learn from'],
    ['validation', 'to check with'],
  ] as const) {
    const [now, then] = [fingerprintOf(facts, facts[part]), origin.data[part]];
    const before = then ?? { ...now, samples: 0 };
    const differs = (what: string) =>
      new OtxError(
        'dataset',
        `the pictures ${name} are not those that this training began with (${what}); bring in the same data, or begin anew`,
      );
    const [these, those] = [now, before].map(({ classes }) => classes.join(', '));
    if (these !== those) throw differs(`their classes are ${these}; they were ${those}`);
    if (now.samples !== before.samples)
      throw differs(`they are ${now.samples}; there were ${before.samples}`);
    if (now.samples > 0 && now.hash !== before.hash) throw differs('names or sizes have changed');
  }
  const stepsPerEpoch = Math.floor(facts.train.length / hyperParameters.learning_parameters.batch_size);
  const problem = stateProblem(state, { stepsPerEpoch, mostEpochs: MOST });
  if (problem) throw new OtxError('checkpoint', `the checkpoint is damaged: ${problem}`);
}

/** Its weights as the values of a model. @throws OtxError `checkpoint` for those of another network. */
export function weightsOf(tensors: ResumedRun['tensors'], variables: readonly VariableSpec[]): StateDict {
  return new Map(
    variables.map(({ key, shape }) => {
      const tensor = tensors.get(key);
      if (tensor?.data.length !== sizeOf(shape))
        throw new OtxError('checkpoint', `the checkpoint has no usable ${key}: it is of another network`);
      return [key, floatsOf(tensor.data)] as const;
    }),
  );
}
