/**
 * @file Compares ways of training from few labeled images, for docs/results.md: supervised from random weights, the same on a
 * backbone that was trained self-supervised on all images, and supervised contrastive training (SupCon); all with equally
 * many supervised steps, several seeds, and the same images for all three.
 *
 *   npm run experiment:few-labels -- --data FOLDER [--models Lite-HRNet-s-mod2,Lite-HRNet-18-mod2] [--counts 8,16,24] \
 *     [--seeds 0,1,2]
 *   npm run bench:supcon -- --folder runs/few-labels     (on a machine that does nothing else)
 *   npm run experiment:few-labels -- --data FOLDER --print
 *
 * FOLDER holds train/, val/ and unlabeled/. Runs go to runs/few-labels; what is complete there is not repeated, so that it goes on
 * where it was stopped. --print makes the tables of what is there, and the ratio of training times (TR) from the steps that
 * bench:supcon has measured. Writes docs/results/few-labels.json. --methods picks some of SL, Self-SL, SupCon, and of two that
 * tell why SupCon is better or worse: "SL views" has the images of SupCon without its loss, "SupCon plain" its loss with the
 * images of SL. --launcher puts a command in front of every training, e.g. "nice -n 8".
 */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadTemplate } from 'otx';
import {
  type DiceScores,
  diceOf,
  drawDataset,
  linkAll,
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

/** Steps of supervised training, the same for all methods and numbers of images. */
const STEPS = 150;
const BATCH = 8;
/** An epoch of every subset has 48 images, each image several times, so that all are validated equally often. */
const IMAGES_PER_EPOCH = 48;
const EPOCHS = (STEPS * BATCH) / IMAGES_PER_EPOCH;
const SETTINGS = {
  'learning_parameters.batch_size': BATCH,
  'learning_parameters.num_iters': EPOCHS,
  'learning_parameters.input_size': '256x256',
  'learning_parameters.learning_rate_warmup_iters': 20,
  'learning_parameters.learning_rate_schedule': 'poly',
  'learning_parameters.enable_early_stopping': false,
  'learning_parameters.use_adaptive_interval': true,
};
/** The defaults of self-supervised training from random weights, named so that these figures do not follow a change of them. */
const PRETRAINING = { 'learning_parameters.optimizer': 'adam', 'learning_parameters.num_iters': 15 };
const METHODS = ['SL', 'Self-SL', 'SupCon'];
const EXPLANATIONS = ['SL views', 'SupCon plain'];
const ROOT = resolve('runs/few-labels');
const JSON_FILE = 'docs/results/few-labels.json';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    models: { type: 'string', default: 'Lite-HRNet-s-mod2,Lite-HRNet-18-mod2' },
    counts: { type: 'string', default: '8,16,24' },
    seeds: { type: 'string', default: '0,1,2' },
    methods: { type: 'string', default: METHODS.join() },
    launcher: { type: 'string', default: '' },
    print: { type: 'boolean', default: false },
  },
});
const data = resolve(values.data ?? usage());

function usage(): never {
  console.error(
    'usage: npm run experiment:few-labels -- --data FOLDER [--models …] [--counts …] [--seeds …] [--print]',
  );
  process.exit(2);
}
const models = values.models.split(',');
const methods = values.methods.split(',');
const counts = values.counts.split(',').map(Number);
const seeds = values.seeds.split(',').map(Number);

interface Training {
  readonly model: string;
  /** Labeled images. */
  readonly count: number;
  readonly method: string;
  readonly seed: number;
}

interface Run extends Training, DiceScores {
  readonly trainSeconds: number;
}

type FirstAndLast = readonly [number, number];

interface Pretraining {
  readonly model: string;
  readonly images: number;
  readonly epochs: number;
  readonly trainSeconds: number;
  readonly loss: FirstAndLast;
  readonly positiveSimilarity: FirstAndLast;
  readonly negativeSimilarity: FirstAndLast;
}

/** What bench:supcon has written. */
interface Timing {
  /** The network. */
  readonly timed: string;
  /** Time of SupCon in units of supervised training. */
  readonly ratio: number;
}

interface Summary {
  readonly seeds: number;
  /** Of the best Dice. */
  readonly mean: number;
  readonly deviation: number;
  /** Mean of the last Dice. */
  readonly last: number;
  readonly trainSeconds: number;
}

if (!values.print) {
  for (const model of models) {
    if (methods.includes('Self-SL')) pretrain(model);
    // Whole comparisons first: whatever is complete can be read.
    for (const seed of seeds)
      for (const count of counts) for (const method of methods) trainOnce({ model, count, method, seed });
  }
}
report();

/** Self-supervised training of a backbone on every image there is. */
function pretrain(model: string): Pretraining {
  const output = join(ROOT, `pretrain-${model}`);
  return savedOr(`${output}.json`, () => {
    const images = join(ROOT, 'images');
    for (const folder of [join(data, 'train', 'images'), join(data, 'unlabeled')]) linkAll(folder, images);
    const words = ['train', model, '--train-data-roots', images, '--train-type', 'Selfsupervised'];
    words.push('--pretrained', 'none');
    otx([...words, '-o', output, ...paramsOf(PRETRAINING)], { output, launcher: values.launcher });
    const epochs = readEpochs(output);
    const firstAndLast = (column: string): FirstAndLast => [
      epochs[0]?.[column] ?? Number.NaN,
      epochs.at(-1)?.[column] ?? Number.NaN,
    ];
    return {
      model,
      images: readdirSync(images).length,
      epochs: epochs.length,
      trainSeconds: total(epochs, 'train_seconds'),
      loss: firstAndLast('loss'),
      positiveSimilarity: firstAndLast('positive_similarity'),
      negativeSimilarity: firstAndLast('negative_similarity'),
    };
  });
}

function trainOnce({ model, count, method, seed }: Training): Run {
  const output = join(ROOT, `${model}-${count}-${method.replace(' ', '-')}-${seed}`);
  return savedOr(`${output}.json`, () => {
    const words = ['train', model, '--train-data-roots', subset(count, seed)];
    words.push('--val-data-roots', join(data, 'val'), '-o', output, '--seed', String(seed));
    if (method === 'Self-SL') words.push('--load-weights', join(ROOT, `pretrain-${model}`));
    else words.push('--pretrained', 'none');
    const settings = {
      ...SETTINGS,
      'learning_parameters.augmentation': ['SupCon', 'SL views'].includes(method) ? 'views' : 'plain',
      'learning_parameters.enable_supcon': method.startsWith('SupCon'),
    };
    otx([...words, ...paramsOf(settings)], { output, launcher: values.launcher });
    const epochs = readEpochs(output);
    return { model, count, method, seed, ...diceOf(epochs), trainSeconds: total(epochs, 'train_seconds') };
  });
}

/** `count` labeled images drawn by `seed`, as links; each often enough to fill an epoch. */
function subset(count: number, seed: number): string {
  const folder = join(ROOT, `labeled-${count}-${seed}`);
  return drawDataset({ from: join(data, 'train'), count, seed, perEpoch: IMAGES_PER_EPOCH, folder });
}

/** The tables of all results that are there. */
function report(): void {
  const results = readResults(ROOT) as Partial<Run & Pretraining & Timing>[];
  const runs = results.filter(({ method }) => method) as Run[];
  const pretraining = results.filter(({ positiveSimilarity }) => positiveSimilarity) as Pretraining[];
  const timings = results.filter(({ timed }) => timed) as Timing[];
  const of = (model: string, count: number, method: string) =>
    runs.filter((run) => run.model === model && run.count === count && run.method === method);
  const known = models.filter((model) => runs.some((run) => run.model === model));

  const summary = known.map((model) => ({
    model,
    pretraining: pretraining.find((run) => run.model === model),
    time: timings.find(({ timed }) => timed === loadTemplate(model).model),
    counts: counts.map((count) => ({
      count,
      methods: Object.fromEntries(
        [...METHODS, ...EXPLANATIONS].map((method) => [method, summarize(of(model, count, method))]),
      ),
    })),
  }));
  writeJson(JSON_FILE, { steps: STEPS, epochs: EPOCHS, settings: SETTINGS, machine: MACHINE, summary, runs });

  const cell = (entry: Summary | undefined) =>
    entry
      ? `${entry.mean.toFixed(3)} ± ${entry.deviation.toFixed(3)}${entry.seeds < seeds.length ? ` (${entry.seeds})` : ''}`
      : '–';
  const ratio = (time: Timing | undefined) => (time ? time.ratio.toFixed(2) : '–');
  console.log(`\n| model | ${counts.map((n) => `#${n} SL | Self-SL`).join(' | ')} |`);
  console.log(`| --- |${' --- |'.repeat(2 * counts.length)}`);
  for (const { model, counts } of summary)
    console.log(
      `| ${model} | ${counts.map(({ methods }) => `${cell(methods.SL)} | ${cell(methods['Self-SL'])}`).join(' | ')} |`,
    );
  console.log(`\n| model | ${counts.map((n) => `#${n} SL | SupCon | TR`).join(' | ')} |`);
  console.log(`| --- |${' --- |'.repeat(3 * counts.length)}`);
  for (const { model, counts, time } of summary)
    console.log(
      `| ${model} | ${counts
        .map(({ methods }) => `${cell(methods.SL)} | ${cell(methods.SupCon)} | ${ratio(time)}`)
        .join(' | ')} |`,
    );
  console.log(`\n| model | images | SL | SL views | SupCon plain | SupCon |`);
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const { model, counts } of summary)
    for (const { count, methods } of counts) {
      if (!EXPLANATIONS.some((method) => methods[method])) continue;
      const cells = ['SL', 'SL views', 'SupCon plain', 'SupCon'].map((method) => cell(methods[method]));
      console.log(`| ${model} | ${count} | ${cells.join(' | ')} |`);
    }
  console.log('');
  for (const run of pretraining) {
    const change = (pair: FirstAndLast) => pair.map((value) => value.toFixed(3)).join(' → ');
    console.log(
      `pre-training ${run.model}: ${run.images} images, ${run.epochs} epochs, ${run.trainSeconds.toFixed(0)} s; loss ` +
        `${change(run.loss)}, similarity of positives ${change(run.positiveSimilarity)}, of negatives ${change(run.negativeSimilarity)}`,
    );
  }
  console.log(`${MACHINE}; mean and standard deviation of the best Dice over seeds ${seeds.join(', ')}`);
}

function summarize(runs: readonly Run[]): Summary | undefined {
  if (runs.length === 0) return undefined;
  const column = (key: 'best' | 'last' | 'trainSeconds') => spread(runs.map((run) => run[key]));
  const { mean, deviation } = column('best');
  return {
    seeds: runs.length,
    mean,
    deviation,
    last: column('last').mean,
    trainSeconds: column('trainSeconds').mean,
  };
}
