/**
 * @file Compares what a training starts from (random numbers, the embedded backbone, a file) on few labeled images of several data
 * sets, for docs/pretraining.md; the same images, steps and settings for all starts, and a difference for each pair of runs.
 *
 *   npm run experiment:starts -- --data camvid7=FOLDER,cells=FOLDER [--starts none,embedded] \
 *     [--models Lite-HRNet-s-mod2,SegNext-t@0.0005] [--counts 8,24] [--seeds 0,1,2]
 *   npm run experiment:starts -- --data camvid7=FOLDER,cells=FOLDER --print
 *
 * A model may be followed by @ and a learning rate; otherwise that of its template holds. Each FOLDER holds train/ and val/;
 * "npm run generate" draws such data sets. Runs go to runs/starts; what is complete there is not repeated, so that it goes on where
 * it was stopped. --print makes the table of what is there. Writes docs/results/starts.json.
 * --launcher puts a command in front of every training, e.g. "nice -n 8".
 */
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type DiceScores,
  diceOf,
  drawDataset,
  MACHINE,
  otx,
  paramsOf,
  readEpochs,
  readResults,
  savedOr,
  spread,
  total,
  writeJson,
} from './experiment.js';

/** Steps, the same for all starts and numbers of images. */
const STEPS = 150;
const BATCH = 8;
/** An epoch of every smaller subset has 48 images, each image several times, so that all are validated equally often. */
const IMAGES_PER_EPOCH = 48;
const imagesPerEpoch = (count: number): number => Math.max(count, IMAGES_PER_EPOCH);
const SETTINGS = {
  'learning_parameters.batch_size': BATCH,
  'learning_parameters.input_size': '256x256',
  'learning_parameters.learning_rate_warmup_iters': 20,
  'learning_parameters.learning_rate_schedule': 'poly',
  'learning_parameters.augmentation': 'plain',
  'learning_parameters.enable_early_stopping': false,
  'learning_parameters.use_adaptive_interval': true,
};
/** What the others are compared with. */
const FIRST = 'none';
const ROOT = resolve('runs/starts');

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    starts: { type: 'string', default: 'none,embedded' },
    models: { type: 'string', default: 'Lite-HRNet-s-mod2' },
    counts: { type: 'string', default: '8,24' },
    seeds: { type: 'string', default: '0,1,2' },
    launcher: { type: 'string', default: '' },
    print: { type: 'boolean', default: false },
  },
});
const folders = new Map(
  (values.data ?? usage()).split(',').map((entry) => entry.split('=') as [string, string]),
);
/** As they were given, by the names that results have. */
const given = new Map(values.starts.split(',').map((start) => [basename(start), start]));
const starts = [...given.keys()];
const models = values.models.split(',');
const counts = values.counts.split(',').map(Number);
const seeds = values.seeds.split(',').map(Number);

function usage(): never {
  console.error(
    'usage: npm run experiment:starts -- --data NAME=FOLDER,… [--starts …] [--models …] [--counts …]',
  );
  process.exit(2);
}

interface Training {
  readonly data: string;
  readonly model: string;
  /** Labeled images. */
  readonly count: number;
  readonly start: string;
  readonly seed: number;
}

interface Run extends Training, DiceScores {
  readonly trainSeconds: number;
}

if (!values.print) {
  // Whole comparisons first: whatever is complete can be read.
  for (const seed of seeds)
    for (const model of models)
      for (const count of counts)
        for (const data of folders.keys())
          for (const start of starts) trainOnce({ data, model, count, start, seed });
}
report();

function trainOnce(training: Training): Run {
  const { data, model, count, start, seed } = training;
  const output = join(ROOT, `${data}-${model}-${count}-${start}-${seed}`);
  return savedOr(`${output}.json`, () => {
    const [template = '', learningRate] = model.split('@');
    const words = ['train', template, '--train-data-roots', subset(data, count, seed)];
    words.push('--val-data-roots', join(folders.get(data)!, 'val'), '-o', output, '--seed', String(seed));
    const from = given.get(start)!;
    words.push(...(existsSync(from) ? ['--load-weights', from] : ['--pretrained', from]));
    const settings = {
      ...SETTINGS,
      'learning_parameters.num_iters': (STEPS * BATCH) / imagesPerEpoch(count),
      ...(learningRate !== undefined && { 'learning_parameters.learning_rate': Number(learningRate) }),
    };
    otx([...words, ...paramsOf(settings)], { output, launcher: values.launcher });
    const epochs = readEpochs(output);
    return { ...training, ...diceOf(epochs), trainSeconds: total(epochs, 'train_seconds') };
  });
}

/** `count` labeled images drawn by `seed`, as links; each often enough to fill an epoch. */
function subset(data: string, count: number, seed: number): string {
  const folder = join(ROOT, `labeled-${data}-${count}-${seed}`);
  const from = resolve(folders.get(data)!, 'train');
  return drawDataset({ from, count, seed, perEpoch: imagesPerEpoch(count), folder });
}

/** The table of all results that are there. */
function report(): void {
  const runs = readResults(ROOT) as Run[];
  writeJson('docs/results/starts.json', { steps: STEPS, settings: SETTINGS, machine: MACHINE, runs });
  const of = (cell: Partial<Training>) =>
    runs.filter((run) => Object.entries(cell).every(([key, value]) => run[key as keyof Training] === value));
  const shown = (values: readonly number[], sign = '') => {
    const { mean, deviation } = spread(values);
    return `${sign && mean > 0 ? sign : ''}${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;
  };
  const others = starts.filter((start) => start !== FIRST);
  console.log(
    `\n| network | data | labels | ${starts.join(' | ')} | ${others.map((start) => `${start} - ${FIRST}`).join(' | ')} |`,
  );
  console.log(`| --- | --- | ---: |${' ---: |'.repeat(starts.length + others.length)}`);
  for (const model of models)
    for (const data of folders.keys())
      for (const count of counts) {
        const cells = starts.map((start) => of({ model, data, count, start }).map(({ best }) => best));
        if (cells.some((cell) => cell.length === 0)) continue;
        const differences = others.map((start) => paired({ model, data, count }, start));
        console.log(
          `| ${model} | ${data} | ${count} | ${cells.map((cell) => shown(cell)).join(' | ')} | ` +
            `${differences.map((difference) => shown(difference, '+')).join(' | ')} |`,
        );
      }
  console.log(
    `\nBest mean Dice after ${STEPS} steps, mean and standard deviation over seeds ${seeds.join(', ')}; ${MACHINE}.`,
  );

  function paired(cell: Partial<Training>, start: string): number[] {
    return of({ ...cell, start }).flatMap(({ seed, best }) =>
      of({ ...cell, start: FIRST, seed }).map((run) => best - run.best),
    );
  }
}
