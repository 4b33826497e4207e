/** @file The tables of the documentation of OTX, trained anew on the user's own copies of their data sets. */

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { checkOptions } from '../../base/check-options.js';
import { OtxError, option } from '../../base/errors.js';
import { shown } from '../../base/shown.js';
import type { SettingOptions } from '../../settings/index.js';
import type { RunOptions } from '../../settings/run-vocabulary.js';
import { trainingSettings } from '../../settings/training-settings.js';
import { loadTemplate } from '../../templates/index.js';
import { requestOf, type TrainOptions } from '../../training/options/train-options.js';
import { formatTrainingRequest } from '../../training/options/training-config.js';
import { JOINT_KINDS, type JointOptions, workTogether } from '../joint-work.js';
import type { Study } from '../study.js';
import { type FailedTraining, readRuns } from '../study-run.js';
import { trainingTask } from '../training-task.js';
import type { Task } from '../work.js';
import { type CellTraining, planCells, sourceOf } from './cells.js';
import { type Copies, findCopies, LOOKS_FOR, type SourceName } from './copies.js';
import { isMade, makeSubset, subsetFolder } from './make-subset.js';
import { TABLE_NAMES, type TableName, templatesOf } from './published.js';
import { SUBSETS } from './subsets.js';
import { cellsCsv, formatTables, type ReproducedTable, tablesOf, trainingName } from './tables.js';

/** Share of the labeled images of KITTI, which has no part for it, that is validated on. */
const KITTI_SHARE = 0.2;

const KINDS = { ...JOINT_KINDS, dataRoot: 'path', pretrained: 'choice?', threads: 'number?' } as const;

/** What all published numbers began with. */
const DOCUMENTED_START = 'imagenet';

/**
 * What to reproduce, and where the data is. Settings take the place of the documented ones; so does `pretrained`, which is `imagenet` by
 * default.
 */
export interface ReproduceOptions
  extends SettingOptions,
    Pick<RunOptions, 'pretrained' | 'threads'>,
    JointOptions {
  /** Folder with copies of DIS5K, Cityscapes, Pascal VOC 2012 or KITTI, at most four folders deep. They are found by their content. */
  readonly dataRoot: string;
  /** Default: all. More may be given later, with the same folder. */
  readonly tables?: readonly TableName[] | undefined;
  /** Templates whose rows are wanted. Default: all that the tables have. */
  readonly models?: readonly string[] | undefined;
  /** Each at most once. Default 0 alone. */
  readonly seeds?: readonly number[] | undefined;
}

/** A data set of which no copy was found. */
export interface MissingData {
  /** As people call it. */
  readonly name: string;
  /** By what a copy is known. */
  readonly looksFor: string;
}

/** What was reached, beside what was published. */
export interface ReproduceResult {
  /** Folder of the study. */
  readonly output: string;
  /** Those that were asked for. */
  readonly tables: readonly ReproducedTable[];
  /** Names of the settings that were given in place of the documented ones; with any, this is no reproduction. */
  readonly changed: readonly string[];
  /** Data sets that cells would need, and of which no copy was found. */
  readonly missing: readonly MissingData[];
  /** Trainings whose loss stayed infinite or not a number. */
  readonly failed: readonly FailedTraining[];
  /** Names of trainings that other processes are still at; empty unless `wait` is false. */
  readonly elsewhere: readonly string[];
  /** The tables as Markdown, and every cell as a row of CSV. */
  readonly files: { readonly tables: string; readonly cells: string };
}

/**
 * Makes the subsets of the documentation in the output folder, with links to the pictures, trains with the documented settings
 * (recipe `otx`), and puts each number beside the published one. Scores are the mean Dice with background, as in training.
 *
 * @throws OtxError as {@link train}, `dataset` where no copy of any data set is found, `usage` for names that there are not.
 */
export async function reproduce(options: ReproduceOptions): Promise<ReproduceResult> {
  checkOptions('reproduce()', options, KINDS, [
    ...Object.keys(trainingSettings),
    'tables',
    'models',
    'seeds',
  ]);
  const { dataRoot, tables = TABLE_NAMES, models, seeds = [0], ...rest } = options;
  const { output, onEvent, signal, wait, pretrained, threads, ...settings } = rest;
  checkNames(tables, seeds);
  const { cells, trainings } = planCells(tables, templatesAsked(tables, models));
  const copies = await findCopies(dataRoot);
  const possible = trainings.filter((training) => copies.has(sourceOf(training)));
  const missing = [...new Set(trainings.map(sourceOf))].filter((name) => !copies.has(name));
  if (possible.length === 0) throw nothingFound(dataRoot, missing);
  const common = { pretrained, threads, ...settings };
  return workTogether(
    { output, onEvent, signal, wait },
    {
      kind: 'reproduction',
      request: { dataRoot: resolve(dataRoot), ...requestOf(common) },
      inputs: { folders: [...copies].map(([name, path]) => ({ path, what: `the copy of ${name}` })) },
      plan: async (study) => {
        for (const training of possible) {
          for (const seed of seeds) {
            const asked = optionsOf(training, { study, copies, seed, common });
            await study.plan(trainingName(training.key, seed), formatTrainingRequest(asked));
          }
        }
      },
      tasks: async (study) => [
        ...subsetTasks(study, possible, copies),
        ...(await cellTasks(study, possible, seeds)),
      ],
      result: async (study, elsewhere) => {
        const names = seeds.flatMap((seed) => possible.map(({ key }) => trainingName(key, seed)));
        const { runs, failed } = await readRuns(study, names);
        const made = tablesOf(cells, runs, seeds);
        const changed = namesOf({ pretrained, ...settings });
        await study.write('tables.md', tablesFile(made, changed));
        await study.write('cells.csv', cellsCsv(made));
        return {
          output,
          tables: made,
          changed,
          missing: missing.map((name) => ({ name, looksFor: LOOKS_FOR[name] })),
          ...{ failed, elsewhere },
          files: { tables: join(output, 'tables.md'), cells: join(output, 'cells.csv') },
        };
      },
    },
  );
}

/** What changes the speed alone changes no score. */
const isOfResult = (name: string): boolean =>
  trainingSettings[name as keyof typeof trainingSettings]?.affects !== 'speed';

const namesOf = (given: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(given).filter((name) => given[name] !== undefined && isOfResult(name));

/** The file may be read without what the terminal said. */
function tablesFile(tables: readonly ReproducedTable[], changed: readonly string[]): string {
  const head =
    'Mean Dice in percent, as it was reached and, in brackets, as published; TR is the ratio of training times.';
  const different = `**No reproduction**: ${changed.join(', ')} differ from the documented settings.`;
  const parts = [
    head,
    ...(changed.length > 0 ? [different] : []),
    formatTables(tables, { isMarkdown: true }),
  ];
  return `${parts.join('\n\n')}\n`;
}

interface PlanContext {
  readonly study: Study;
  readonly copies: Copies;
  readonly seed: number;
  readonly common: SettingOptions & Pick<RunOptions, 'pretrained' | 'threads'>;
}

/** The documented settings, and on top of them what was asked for. */
function optionsOf(
  { template, data, kind, from }: CellTraining,
  { study, copies, seed, common }: PlanContext,
): Omit<TrainOptions, 'output'> {
  const { pretrained = DOCUMENTED_START, ...settings } = common;
  const start =
    from === undefined ? { pretrained } : { loadWeights: study.runFolder(trainingName(from, seed)) };
  // Of the documentation: its SegNeXt learned from few labels without early stopping.
  const isPatient = template.startsWith('SegNext') && 'subset' in data && data.subset !== 'DIS5K';
  const documented = {
    ...{ recipe: 'otx' as const, template, seed },
    ...(isPatient ? { earlyStopping: false } : {}),
    ...(kind === 'supcon' ? { contrastive: true } : {}),
    ...(kind === 'images' ? { trainType: 'Selfsupervised' as const } : {}),
  };
  return { ...documented, ...settings, ...start, ...rootsOf({ data, kind }, study, copies) };
}

function rootsOf(
  { data, kind }: Pick<CellTraining, 'data' | 'kind'>,
  study: Study,
  copies: Copies,
): Pick<TrainOptions, 'trainData' | 'validationData' | 'unlabeledData' | 'valShare'> {
  if ('whole' in data) {
    const root = copies.get(data.whole) as string;
    return data.whole === 'KITTI'
      ? { trainData: root, valShare: KITTI_SHARE }
      : { trainData: root, validationData: root };
  }
  const folder = subsetFolder(study.root, data.subset);
  if (kind === 'images') return { trainData: join(folder, 'images') };
  return {
    ...{ trainData: join(folder, 'train'), validationData: join(folder, 'val') },
    ...(kind === 'semi' ? { unlabeledData: join(folder, 'unlabeled.txt') } : {}),
  };
}

function subsetTasks(study: Study, trainings: readonly CellTraining[], copies: Copies): Task[] {
  const names = new Set(trainings.flatMap(({ data }) => ('subset' in data ? [data.subset] : [])));
  return [...names].map((name): Task => {
    const folder = subsetFolder(study.root, name);
    return {
      name: `data_${name}`,
      isDone: () => isMade(folder),
      isBegun: async () => (await stat(folder).catch(() => undefined)) !== undefined,
      perform: (hooks) => makeSubset(name, copies.get(SUBSETS[name].source) as string, folder, hooks),
    };
  });
}

/** Trainings, each of which waits for its data and for the one that it starts from. */
async function cellTasks(
  study: Study,
  trainings: readonly CellTraining[],
  seeds: readonly number[],
): Promise<Task[]> {
  const taskOf = (key: string, seed: number) => trainingTask(study, trainingName(key, seed));
  const hasFailed = async ({ name }: Task) => (await study.failureOf(name)) !== undefined;
  // The masks of self-supervised training are made by the first one for all.
  const first = trainings.find(({ kind }) => kind === 'images');
  const maker = first && taskOf(first.key, seeds[0]!);
  const tasks: Task[] = [];
  for (const seed of seeds) {
    for (const { key, data, from, kind } of trainings) {
      const task = taskOf(key, seed);
      const start = from === undefined ? undefined : taskOf(from, seed);
      if (start && (await hasFailed(start))) continue;
      const isWaiting = kind === 'images' && maker !== undefined && maker.name !== task.name;
      tasks.push({
        ...task,
        isReady: async () =>
          (!('subset' in data) || (await isMade(subsetFolder(study.root, data.subset)))) &&
          (!start || (await start.isDone())) &&
          (!isWaiting || (await maker.isBegun()) || (await hasFailed(maker))),
      });
    }
  }
  return tasks;
}

function templatesAsked(tables: readonly TableName[], models: readonly string[] | undefined): string[] {
  const known = [...new Set(tables.flatMap(templatesOf))];
  if (models === undefined) return known;
  return models.map((model) => {
    const { name } = loadTemplate(model);
    if (known.includes(name)) return name;
    throw new OtxError(
      'usage',
      `${option('models')}: ${name} is in none of the tables ${tables.join(', ')}; expected ${known.join(', ')}`,
    );
  });
}

function checkNames(tables: readonly TableName[], seeds: readonly number[]): void {
  const unknown = tables.find((name) => !TABLE_NAMES.includes(name));
  if (unknown !== undefined || tables.length === 0) {
    throw new OtxError(
      'usage',
      `${option('tables')} are ${shown(tables)}; expected some of ${TABLE_NAMES.join(', ')}`,
    );
  }
  const isSeed = (seed: unknown) => Number.isInteger(seed) && Number(seed) >= 0 && Number(seed) < 2 ** 32;
  if (seeds.length > 0 && seeds.every(isSeed) && new Set(seeds).size === seeds.length) return;
  throw new OtxError('usage', `${option('seeds')} are ${shown(seeds)}; expected integers from 0, each once`);
}

function nothingFound(root: string, missing: readonly SourceName[]): OtxError {
  const lines = missing.map((name) => `  ${name}: ${LOOKS_FOR[name]}`);
  return new OtxError('dataset', `${root}: holds no copy of the data sets; looked for\n${lines.join('\n')}`);
}
