import { join, resolve } from 'node:path';
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
  type Settings,
  type Spread,
  savedOr,
  spread,
  total,
  writeJson,
} from './experiment.js';

const LABELED = 24;
/** An epoch shows each labeled image several times, so that it is not validated more often than needed. */
const COPIES = 2;
const BATCH = 8;
const STEPS = 150;
const EPOCHS = (STEPS * BATCH) / (LABELED * COPIES);
const SETTINGS: Settings = {
  'learning_parameters.batch_size': BATCH,
  'learning_parameters.num_iters': EPOCHS,
  'learning_parameters.input_size': '256x256',
  'learning_parameters.learning_rate_warmup_iters': 20,
  'learning_parameters.learning_rate_schedule': 'poly',
  'learning_parameters.enable_early_stopping': false,
  'learning_parameters.use_adaptive_interval': true,
  'learning_parameters.auto_adapt_batch_size': 'None',
};
const contrastive = (positives: string, singleView: string): Settings => ({
  'learning_parameters.enable_supcon': true,
  'learning_parameters.augmentation': 'views',
  'learning_parameters.supcon_positives': positives,
  'learning_parameters.supcon_single_view': singleView,
});
const METHODS: Readonly<Record<string, Settings>> = {
  supervised: { 'learning_parameters.augmentation': 'plain' },
  reference: contrastive('image', 'first'),
  class: contrastive('class', 'first'),
  whole: contrastive('image', 'whole'),
  'class, whole': contrastive('class', 'whole'),
};
const ROOT = resolve('runs/supcon');

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    model: { type: 'string', default: 'Lite-HRNet-s-mod2' },
    methods: { type: 'string', default: Object.keys(METHODS).join(';') },
    seeds: { type: 'string', default: '0,1,2' },
    launcher: { type: 'string', default: '' },
    print: { type: 'boolean', default: false },
  },
});
const data = resolve(values.data ?? usage());

function usage(): never {
  console.error(
    'usage: npm run experiment:supcon -- --data FOLDER [--model …] [--methods …] [--seeds …] [--print]',
  );
  process.exit(2);
}
const { model } = values;
const seeds = values.seeds.split(',').map(Number);

interface Run extends DiceScores {
  readonly model: string;
  readonly method: string;
  readonly seed: number;
  readonly trainSeconds: number;
  /** Mean cosine of the last epoch that compared views; null for a training that compares none. */
  readonly positiveSimilarity: number | null;
  readonly negativeSimilarity: number | null;
}

if (!values.print) {
  for (const seed of seeds) for (const method of values.methods.split(';')) trainOnce(method, seed);
}
report();

function trainOnce(method: string, seed: number): Run {
  const output = join(ROOT, `${model}-${method.replaceAll(/\W+/g, '-')}-${seed}`);
  return savedOr(`${output}.json`, () => {
    const words = ['train', model, '--train-data-roots', subset(seed), '--val-data-roots', join(data, 'val')];
    words.push('--pretrained', 'none', '-o', output, '--seed', String(seed));
    words.push(...paramsOf({ ...SETTINGS, ...METHODS[method] }));
    otx(words, { output, launcher: values.launcher });
    const epochs = readEpochs(output);
    const last = (column: string) =>
      epochs.map((row) => row[column]).findLast((value) => value !== undefined && Number.isFinite(value)) ??
      null;
    return {
      ...{ model, method, seed, ...diceOf(epochs), trainSeconds: total(epochs, 'train_seconds') },
      ...{ positiveSimilarity: last('positive_similarity'), negativeSimilarity: last('negative_similarity') },
    };
  });
}

/** The labeled images, drawn by `seed`, as links. */
function subset(seed: number): string {
  const folder = join(ROOT, `labeled-${seed}`);
  return drawDataset({ from: join(data, 'train'), count: LABELED, seed, perEpoch: LABELED * COPIES, folder });
}

/** The table of all results that are there. */
function report(): void {
  const runs = readResults(ROOT) as Run[];
  const of = (method: string) => runs.filter((run) => run.model === model && run.method === method);
  const plain = new Map(of('supervised').map(({ seed, best }) => [seed, best]));
  const summary = Object.keys(METHODS).flatMap((method) => {
    const own = of(method);
    if (own.length === 0) return [];
    const gains = own.flatMap(({ seed, best }) => (plain.has(seed) ? [best - plain.get(seed)!] : []));
    const statistics = (key: 'best' | 'last') => spread(own.map((run) => run[key]));
    return [
      {
        ...{ method, seeds: own.length, best: statistics('best'), last: statistics('last') },
        gain: gains.length > 0 && method !== 'supervised' ? spread(gains) : null,
      },
    ];
  });
  writeJson('docs/results/supcon.json', {
    ...{ model, labeled: LABELED, steps: STEPS, settings: SETTINGS, methods: METHODS, machine: MACHINE },
    ...{ summary, runs },
  });

  const cell = (s: Spread | null) => (s ? `${s.mean.toFixed(3)} ± ${s.deviation.toFixed(3)}` : '');
  console.log('| training | seeds | best mean Dice | more than supervised, seed by seed | last mean Dice |');
  console.log('| --- | --- | --- | --- | --- |');
  for (const { method, seeds, best, gain, last } of summary)
    console.log(`| ${method} | ${seeds} | ${cell(best)} | ${cell(gain)} | ${cell(last)} |`);
  console.log(
    `\n${model}, ${LABELED} labeled images, ${STEPS} steps; mean ± standard deviation over seeds; ${MACHINE}`,
  );
}
