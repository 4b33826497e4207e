/**
 * @file Every setting a user may change with `params --<group>.<name> value`: its type, range and meaning, in one table.
 * Templates give the defaults (YAML), this table says what is allowed; the types of the whole program follow from it.
 */

import { closest, distance } from 'fastest-levenshtein';
import { OtxError, option } from '../base/errors.js';
import { parseSwitch, SWITCH_WORDS } from '../base/switch.js';
import { STORAGE_SCHEMES } from '../data/image-store.js';
import { RECIPE_NAMES } from '../data/recipes.js';
import { PROJECTION_AXES } from '../models/index.js';
import { OPTIMIZER_NAMES } from '../optim/recipes.js';

interface Range {
  readonly min: number;
  readonly max: number;
}

/** What a value may be; `parse` also takes the text of a command line. */
interface Parameter<T> {
  /** Type and range in words, used in help and error messages. */
  readonly allowed: string;
  readonly type: 'integer' | 'float' | 'boolean' | 'choice' | 'size' | 'bytes';
  readonly range?: Range;
  readonly description: string;
  /** @returns the value, or undefined when it is not allowed. */
  readonly parse: (value: unknown) => T | undefined;
}

function integer({ min, max }: Range, description: string): Parameter<number> {
  const parse = (value: unknown) => {
    const number = toNumber(value);
    return Number.isInteger(number) && number >= min && number <= max ? number : undefined;
  };
  return {
    type: 'integer',
    allowed: `an integer from ${min} to ${max}`,
    range: { min, max },
    description,
    parse,
  };
}

function float({ min, max }: Range, description: string): Parameter<number> {
  const parse = (value: unknown) => {
    const number = toNumber(value);
    return number >= min && number <= max ? number : undefined;
  };
  return {
    type: 'float',
    allowed: `a number from ${min} to ${max}`,
    range: { min, max },
    description,
    parse,
  };
}

function boolean(description: string): Parameter<boolean> {
  return { type: 'boolean', allowed: SWITCH_WORDS, description, parse: parseSwitch };
}

/** One of some words, in any case. */
function choice<T extends string>(words: readonly T[], description: string): Parameter<T> {
  const parse = (value: unknown) =>
    words.find((word) => word.toLowerCase() === String(value).trim().toLowerCase());
  return {
    type: 'choice',
    allowed: words.length > 1 ? `one of ${words.join(', ')}` : words.join(),
    description,
    parse,
  };
}

const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/** An amount of memory: a whole number of bytes, or of a unit. */
function bytes(description: string): Parameter<number> {
  const parse = (value: unknown) => {
    const match = /^(\d+)\s*([a-z]*)$/i.exec(String(value).trim());
    const unit = BYTE_UNITS[(match?.[2] ?? '').toLowerCase()];
    const amount = Number(match?.[1]) * (unit ?? Number.NaN);
    return Number.isSafeInteger(amount) ? amount : undefined;
  };
  const allowed = 'a number of bytes such as 1000000000, 8GB (10^9) or 8GiB, 8G (2^30)';
  return { type: 'bytes', allowed, description, parse };
}

/** Side of the largest image size: the batch of a larger one would fit no buffer. */
const MOST_PIXELS = 8192;

/** A square image size such as `256x256`, `Default` or `Auto`. */
function size(description: string): Parameter<string> {
  const parse = (value: unknown) => {
    if (typeof value !== 'string') return undefined;
    const word = ['Default', 'Auto'].find((known) => known.toLowerCase() === value.toLowerCase());
    if (word) return word;
    const match = /^(\d{1,5})x(\d{1,5})$/i.exec(value);
    const side = Number(match?.[1]);
    return match && match[1] === match[2] && side > 0 && side <= MOST_PIXELS && side % 32 === 0
      ? `${side}x${side}`
      : undefined;
  };
  const allowed =
    'Default, Auto, 256x256, 384x384, 512x512, 768x768, 1024x1024 or any other square NxN with N a multiple of 32 ' +
    `up to ${MOST_PIXELS} (training is square; the --input-size of otx export takes any width x height)`;
  return { type: 'size', allowed, description, parse };
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && NUMBER.test(value.trim()) ? Number(value) : Number.NaN;
}

/** The table: group, then name. A new setting is a new line here and a default in each template. */
export const hyperParameterTable = {
  learning_parameters: {
    batch_size: integer(
      { min: 1, max: 512 },
      'images per training step; reduced when the data set is smaller',
    ),
    optimizer: choice(
      OPTIMIZER_NAMES,
      'adam: gradients clipped to norm 40, no decay; adamw: weight decay 1e-4, no clipping; sgd: momentum 0.9, ' +
        'weight decay 1e-3, gradients clipped to norm 40; it takes ten times the learning rate of adam or more',
    ),
    learning_rate: float({ min: 1e-7, max: 0.1 }, 'learning rate of the optimiser after the warm-up'),
    learning_rate_warmup_iters: integer(
      { min: 0, max: 10000 },
      'steps over which the learning rate rises linearly; 0 switches the warm-up off',
    ),
    learning_rate_schedule: choice(
      ['plateau', 'poly', 'constant'],
      'after the warm-up: a tenth after 5 validations below the best mean Dice (an equal score is as good), polynomial ' +
        'decay, or constant',
    ),
    plateau_iteration_patience: integer(
      { min: 0, max: 1000 },
      'steps that must also have passed, since the last score as good as the best or the last lowering, before a plateau ' +
        'lowers the learning rate',
    ),
    num_iters: integer({ min: 1, max: 100000 }, 'epochs (passes over the training images), despite the name'),
    num_workers: integer({ min: 0, max: 8 }, 'threads that decode images; 0 decodes in the main thread'),
    auto_num_workers: boolean('choose num_workers by the number of processor cores'),
    enable_early_stopping: boolean('end the training when mean Dice no longer rises'),
    early_stop_start: integer({ min: 0, max: 1000 }, 'first epoch whose score early stopping looks at'),
    early_stop_patience: integer(
      { min: 0, max: 50 },
      'validations in a row without a better score after which the training ends',
    ),
    early_stop_iteration_patience: integer(
      { min: 0, max: 1000 },
      'steps that must also have passed since the best score before the training ends early',
    ),
    use_adaptive_interval: boolean(
      'validate (and look at plateaus and early stopping) only every few epochs when epochs are short',
    ),
    enable_supcon: boolean(
      'supervised training: every fifth step also compares two views of the images, region by region',
    ),
    auto_adapt_batch_size: choice(
      ['None', 'Safe', 'Full'],
      'fit the batch to the memory: Safe only reduces it, Full also enlarges it; the learning rate follows its root',
    ),
    input_size: size(
      'side of the training crop; validation, test and export use 544/512 of it. Default is 512 (544), Auto ' +
        'chooses a smaller one for small images',
    ),
    augmentation: choice(
      RECIPE_NAMES,
      'what is done to training images; "otx augment" shows it. Default of contrastive training is views, ' +
        'which may also be two draws of another one',
    ),
    unlabeled_batch_size: integer(
      { min: 1, max: 512 },
      'semi-supervised training: unlabeled images per training step; reduced when there are fewer',
    ),
    ema_momentum: float(
      { min: 0, max: 1 },
      'semi-supervised training: what the teacher keeps of itself in a step; the rest it takes from the student',
    ),
    unsupervised_weight: float(
      { min: 0, max: 100 },
      'semi-supervised training: weight of the loss on unlabeled images',
    ),
    prototype_axis: choice(
      PROJECTION_AXES,
      'semi-supervised training of SegNeXt: axis along which projected features are normalised; the reference takes width',
    ),
    semisl_start_epoch: integer(
      { min: 0, max: 10000 },
      'semi-supervised training: epochs that learn from the labeled images alone',
    ),
  },
  postprocessing: {
    confidence_threshold: float(
      { min: 0, max: 1 },
      'pixels whose best class is less probable become background in eval and predict; giving it alone also sets ' +
        'result_based_confidence_threshold to false',
    ),
    result_based_confidence_threshold: boolean(
      'leave the decision to the result: every pixel has its best class, whatever its probability',
    ),
  },
  algo_backend: {
    train_type: choice(
      ['Incremental', 'Semisupervised', 'Selfsupervised'],
      'kind of training: Incremental is supervised, also with classes added to earlier ones; Semisupervised also learns ' +
        'from images without masks; Selfsupervised trains the ' +
        'backbone on images without masks',
    ),
    mem_cache_size: bytes('memory for decoded training images, which are then read only once; 0 keeps none'),
    storage_cache_scheme: choice(
      STORAGE_SCHEMES,
      'copies of the labeled training images in this form are kept in the cache folder and read in their place: for slow ' +
        'drives and slow formats; JPEG/75 and JPEG/95 change the pixels',
    ),
  },
} as const;

type Table = typeof hyperParameterTable;
type Value<P> = P extends Parameter<infer T> ? T : never;

/** Checked values for every setting, by group and name, under the names that the command line uses. */
export type HyperParameters = {
  readonly [G in keyof Table]: { readonly [N in keyof Table[G]]: Value<Table[G][N]> };
};

/** Some settings, still to be checked. */
export type HyperParameterOverrides = {
  readonly [G in keyof Table]?: { readonly [N in keyof Table[G]]?: Value<Table[G][N]> };
};

/** One line of the table, for help texts. */
export interface HyperParameterInfo {
  readonly group: string;
  readonly name: string;
  readonly type: string;
  readonly default: number | string | boolean;
  readonly min?: number;
  readonly max?: number;
  readonly allowed: string;
  readonly description: string;
}

/** All settings with the given defaults, in the order of the table. */
export function describeHyperParameters(defaults: HyperParameters): HyperParameterInfo[] {
  return entries().map(({ group, name, parameter }) => ({
    group,
    name,
    type: parameter.type,
    default: lookUp(defaults, group, name) as number | string | boolean,
    ...parameter.range,
    allowed: parameter.allowed,
    description: parameter.description,
  }));
}

/**
 * The settings of a template with `overrides` on top.
 *
 * @param overrides by group and name. Anything may be passed, it is checked here.
 * @throws OtxError `usage` as {@link checkHyperParameters}.
 */
export function resolveHyperParameters(
  template: { readonly hyperParameters: HyperParameters },
  overrides: HyperParameterOverrides | Readonly<Record<string, unknown>> = {},
): HyperParameters {
  const checked = withImplied(checkHyperParameters(overrides));
  return fill(
    ({ group, name }) => lookUp(checked, group, name) ?? lookUp(template.hyperParameters, group, name),
  );
}

/** Settings with those that they imply where nothing else is said: who names a confidence threshold wants it used. */
export function withImplied(overrides: HyperParameterOverrides): HyperParameterOverrides {
  if (overrides.postprocessing?.confidence_threshold === undefined) return overrides;
  return {
    ...overrides,
    postprocessing: { result_based_confidence_threshold: false, ...overrides.postprocessing },
  };
}

/**
 * The probability below which the best class of a pixel does not count.
 *
 * @returns undefined when every pixel has its best class.
 */
export function confidenceThreshold({ postprocessing }: HyperParameters): number | undefined {
  return postprocessing.result_based_confidence_threshold ? undefined : postprocessing.confidence_threshold;
}

/** Whether a setting is a boolean; false for an unknown one. */
export function isSwitch(group: string, name: string): boolean {
  return entries().some(
    (entry) => entry.group === group && entry.name === name && entry.parameter.type === 'boolean',
  );
}

/** Names of the settings of a group; none for an unknown one. */
export function settingNames(group: string): readonly string[] {
  return entries().flatMap((entry) => (entry.group === group ? [entry.name] : []));
}

/**
 * A complete set of settings.
 *
 * @throws OtxError `usage` as {@link checkHyperParameters}, and for a setting that is missing.
 */
export function completeHyperParameters(values: unknown): HyperParameters {
  const checked = checkHyperParameters(values);
  return fill(({ group, name, parameter }) => {
    const value = lookUp(checked, group, name);
    if (value === undefined) {
      throw new OtxError(
        'usage',
        `parameter ${option(`${group}.${name}`)} is missing; allowed is ${parameter.allowed}`,
      );
    }
    return value;
  });
}

/**
 * Settings of unknown origin, by group and name, with their types.
 *
 * @param values numbers may be given as text.
 * @throws OtxError `usage` naming the setting, its value and what is allowed, or the nearest name of an unknown one.
 */
export function checkHyperParameters(values: unknown): HyperParameterOverrides {
  const result: Record<string, Record<string, unknown>> = {};
  for (const [group, name] of names(values)) {
    const entry = entries().find((known) => known.group === group && known.name === name);
    if (!entry) throw unknownParameter(name === undefined ? group : `${group}.${name}`);
    const value = lookUp(values, group, entry.name);
    if (value === undefined) continue;
    const parsed = entry.parameter.parse(value);
    if (parsed === undefined) {
      throw new OtxError(
        'usage',
        `parameter ${option(`${group}.${name}`)} is ${JSON.stringify(value)}; allowed is ${entry.parameter.allowed}`,
      );
    }
    result[group] = { ...result[group], [entry.name]: parsed };
  }
  return result as HyperParameterOverrides;
}

function unknownParameter(given: string): OtxError {
  const known = entries().map(({ group, name }) => `${group}.${name}`);
  const nearest = closest(given, known);
  const hint =
    distance(given, nearest) <= given.length / 2
      ? `did you mean ${nearest}?`
      : `known are ${known.join(', ')}`;
  return new OtxError('usage', `unknown parameter ${option(given)}; ${hint}`);
}

function fill(pick: (entry: Entry) => unknown): HyperParameters {
  const result: Record<string, Record<string, unknown>> = {};
  for (const entry of entries()) result[entry.group] = { ...result[entry.group], [entry.name]: pick(entry) };
  return result as HyperParameters;
}

/**
 * Sides of the square network inputs in pixels.
 * The reference trains on crops of 512 and validates and exports at 544; other sizes keep that ratio. `Auto` must have
 * been resolved by a training (its checkpoints hold what it chose); where there is no training set it means Default.
 */
export function inputSizes(parameters: HyperParameters): { train: number; validation: number } {
  const text = parameters.learning_parameters.input_size;
  const train = text === 'Default' || text === 'Auto' ? 512 : Number.parseInt(text, 10);
  return { train, validation: Math.round((544 * train) / 512) };
}

interface Entry {
  readonly group: string;
  readonly name: string;
  readonly parameter: Parameter<number | string | boolean>;
}

function entries(): Entry[] {
  return Object.entries(hyperParameterTable).flatMap(([group, parameters]) =>
    Object.entries(parameters).map(([name, parameter]) => ({ group, name, parameter })),
  );
}

/** Pairs of group and name in a nested object; a group that holds no object is a pair without a name. */
function names(values: unknown): [group: string, name: string | undefined][] {
  if (!isRecord(values)) return [];
  return Object.entries(values).flatMap(([group, members]): [string, string | undefined][] => {
    if (members === undefined) return [];
    return isRecord(members) ? Object.keys(members).map((name) => [group, name]) : [[group, undefined]];
  });
}

function lookUp(values: unknown, group: string, name: string): unknown {
  const members = isRecord(values) ? values[group] : undefined;
  return isRecord(members) ? members[name] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
