/**
 * Compares ways of training from few labeled images, for docs/results.md: supervised from random weights, the same on a
 * backbone that was trained self-supervised on all images, and supervised contrastive training (SupCon); all with equally
 * many supervised steps, several seeds, and the same images for all three.
 *
 *   npm run build
 *   node scripts/few-labels.mjs --data FOLDER [--models Lite-HRNet-s-mod2,Lite-HRNet-18-mod2] [--counts 8,16,24] [--seeds 0,1,2]
 *   node scripts/few-labels.mjs --data FOLDER --time     (on a machine that does nothing else)
 *   node scripts/few-labels.mjs --data FOLDER --print
 *
 * FOLDER holds train/, val/ and unlabeled/. Runs go to runs/few-labels; what is complete there is not repeated, so that the
 * script goes on where it was stopped. --print makes the tables of what is there, and the ratio of training times (TR) from the steps that --time has measured. Writes docs/results/few-labels.json.
 * --methods picks some of SL, Self-SL, SupCon, and of two that tell why SupCon is better or worse: "SL views" has the images of
 * SupCon without its loss, "SupCon plain" its loss with the images of SL. --launcher puts a command in front of every training, e.g. "nice -n 8".
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../dist/base/random.js';
import { loadTemplate } from '../dist/index.js';
import { PAIR_INTERVAL, supcon } from '../dist/methods/supcon.js';
import { supervised } from '../dist/methods/supervised.js';
import { createSegmentor } from '../dist/models/index.js';
import { createTrainingSession } from '../dist/training/session.js';
import { initialState } from '../dist/training/state-dict.js';
import {
  diceOf,
  linkAll,
  linkDataset,
  MACHINE,
  otx,
  paramsOf,
  readEpochs,
  readResults,
  savedOr,
  spread,
  total,
  writeJson,
} from './experiment.mjs';

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
/** The defaults of self-supervised training are for a backbone that knows ImageNet: from random weights they learn next to nothing. */
const PRETRAINING = { 'learning_parameters.optimizer': 'adam', 'learning_parameters.num_iters': 15 };
const METHODS = ['SL', 'Self-SL', 'SupCon'];
const EXPLANATIONS = ['SL views', 'SupCon plain'];
const TIMED_STEPS = 19;
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
    time: { type: 'boolean', default: false },
  },
});
if (values.data === undefined) {
  console.error(
    'usage: node scripts/few-labels.mjs --data FOLDER [--models …] [--counts …] [--seeds …] [--print]',
  );
  process.exit(2);
}
const data = resolve(values.data);
const models = values.models.split(',');
const methods = values.methods.split(',');
const counts = values.counts.split(',').map(Number);
const seeds = values.seeds.split(',').map(Number);

if (values.time) {
  mkdirSync(ROOT, { recursive: true });
  for (const model of models) await measureSteps(model);
} else if (!values.print) {
  for (const model of models) {
    if (methods.includes('Self-SL')) pretrain(model);
    // Whole comparisons first: whatever is complete can be read.
    for (const seed of seeds)
      for (const count of counts) for (const method of methods) trainOnce({ model, count, method, seed });
  }
}
report();

/** Self-supervised training of a backbone on every image there is. */
function pretrain(model) {
  const output = join(ROOT, `pretrain-${model}`);
  return savedOr(`${output}.json`, () => {
    const images = join(ROOT, 'images');
    for (const folder of [join(data, 'train', 'images'), join(data, 'unlabeled')]) linkAll(folder, images);
    const words = ['train', model, '--train-data-roots', images, '--train-type', 'Selfsupervised'];
    otx([...words, '-o', output, ...paramsOf(PRETRAINING)], { output, launcher: values.launcher });
    const epochs = readEpochs(output);
    const firstAndLast = (column) => [epochs[0][column], epochs.at(-1)[column]];
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

function trainOnce({ model, count, method, seed }) {
  const output = join(ROOT, `${model}-${count}-${method.replace(' ', '-')}-${seed}`);
  return savedOr(`${output}.json`, () => {
    const words = ['train', model, '--train-data-roots', subset(count, seed)];
    words.push('--val-data-roots', join(data, 'val'), '-o', output, '--seed', String(seed));
    if (method === 'Self-SL') words.push('--load-weights', join(ROOT, `pretrain-${model}`));
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

/** Median milliseconds of a supervised step, and of the two of SupCon, on random pixels: time does not depend on them. */
async function measureSteps(model) {
  const name = loadTemplate(model).model;
  const [side, numClasses] = [256, 7];
  const options = { optimizer: 'adam', sizes: { train: side, validation: 272 } };
  const loading = { seed: 0, workers: 0, recipe: 'plain' };
  const methods = [
    supervised({ ...options, model: createSegmentor(name, { numClasses }), trainSet: undefined, loading }),
    supcon({ ...options, model: name, numClasses, loader: undefined }),
  ];
  const runs = [];
  const sessions = [];
  for (const method of methods) {
    const graphs = method.graphs(BATCH);
    const state = initialState(method.variables, 0);
    const session = await createTrainingSession({ graphs, variables: method.variables, state, seed: 0 });
    sessions.push(session);
    for (const [step, graph] of Object.entries(graphs.steps)) {
      const random = new Random(step);
      const inputs = Object.fromEntries(
        Object.entries(graph.inputs).map(([input, { dtype, size }]) => [
          input,
          dtype === 'uint8'
            ? Uint8Array.from({ length: size }, () => random.integer(numClasses))
            : Float32Array.from({ length: size }, () => random.normal()),
        ]),
      );
      const batch = { step, inputs, sampleIds: [], waitedMs: 0 };
      runs.push({ step, times: [], run: (update) => session.step(batch, 1e-6, update) });
    }
  }
  // In turn, so that a machine that changes its speed is fair to all.
  for (let update = 1; update <= TIMED_STEPS; update++) {
    for (const { times, run } of runs) {
      const start = performance.now();
      await run(update);
      times.push(performance.now() - start);
    }
  }
  for (const session of sessions) await session.dispose();
  // The first steps allocate.
  const median = (times) => times.slice(3).sort((a, b) => a - b)[Math.floor((TIMED_STEPS - 3) / 2)];
  const milliseconds = Object.fromEntries(runs.map(({ step, times }) => [step, median(times)]));
  const { supervised: plain, single, pair } = milliseconds;
  const ratio = ((PAIR_INTERVAL - 1) * single + pair) / PAIR_INTERVAL / plain;
  writeJson(join(ROOT, `time-${model}.json`), { timed: model, milliseconds, ratio });
  console.log(model, milliseconds, `TR ${ratio.toFixed(2)}`);
}

/** `count` labeled images drawn by `seed`, as links; each often enough to fill an epoch. */
function subset(count, seed) {
  const folder = join(ROOT, `labeled-${count}-${seed}`);
  if (existsSync(join(folder, 'dataset_meta.json'))) return folder;
  const from = join(data, 'train');
  const names = readdirSync(join(from, 'images')).sort();
  const drawn = new Random(`few labels ${seed}`).shuffle(names).slice(0, count);
  linkDataset({ from, names: drawn, copies: IMAGES_PER_EPOCH / count, folder });
  return folder;
}

/** The tables of all results that are there. */
function report() {
  const results = readResults(ROOT);
  const runs = results.filter(({ method }) => method);
  const pretraining = results.filter(({ positiveSimilarity }) => positiveSimilarity);
  const timed = results.filter((result) => result.timed);
  const of = (model, count, method) =>
    runs.filter((run) => run.model === model && run.count === count && run.method === method);
  const known = models.filter((model) => runs.some((run) => run.model === model));

  const summary = known.map((model) => ({
    model,
    pretraining: pretraining.find((run) => run.model === model),
    time: timed.find((result) => result.timed === model),
    counts: counts.map((count) => ({
      count,
      methods: Object.fromEntries(
        [...METHODS, ...EXPLANATIONS].map((method) => [method, summarize(of(model, count, method))]),
      ),
    })),
  }));
  writeJson(JSON_FILE, { steps: STEPS, epochs: EPOCHS, settings: SETTINGS, machine: MACHINE, summary, runs });

  const cell = (entry) =>
    entry
      ? `${entry.mean.toFixed(3)} ± ${entry.deviation.toFixed(3)}${entry.seeds < seeds.length ? ` (${entry.seeds})` : ''}`
      : '–';
  const ratio = (time) => (time ? time.ratio.toFixed(2) : '–');
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
    const change = (pair) => pair.map((value) => value.toFixed(3)).join(' → ');
    console.log(
      `pre-training ${run.model}: ${run.images} images, ${run.epochs} epochs, ${run.trainSeconds.toFixed(0)} s; loss ` +
        `${change(run.loss)}, similarity of positives ${change(run.positiveSimilarity)}, of negatives ${change(run.negativeSimilarity)}`,
    );
  }
  console.log(`${MACHINE}; mean and standard deviation of the best Dice over seeds ${seeds.join(', ')}`);
}

function summarize(runs) {
  if (runs.length === 0) return undefined;
  const column = (key) => spread(runs.map((run) => run[key]));
  const { mean, deviation } = column('best');
  return {
    seeds: runs.length,
    mean,
    deviation,
    last: column('last').mean,
    trainSeconds: column('trainSeconds').mean,
  };
}
