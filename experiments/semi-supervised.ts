/**
 * @file Compares semi-supervised training with supervised training on the same few labeled images and equally many steps, for
 * docs/results.md: several seeds, the mean teacher with its momentum both ways round, and weak-to-strong consistency.
 *
 *   npm run experiment:semi-supervised -- --data FOLDER [--models Lite-HRNet-18-mod2,SegNext-t,SegNext-t@0.0005] \
 *     [--methods supervised,semi-supervised,"momentum 0.01",unimatch] [--seeds 0,1,2]
 *   npm run experiment:semi-supervised -- --data FOLDER --print
 *
 * A model may be followed by @ and a learning rate; otherwise that of its template holds. FOLDER holds train/, val/ and unlabeled/. The
 * first 12 images of train/ are labeled; the others and unlabeled/ are not. Links to them and the runs go to
 * runs/semi-supervised; what is complete there is not repeated, so that it goes on where it was stopped. --print makes the table of what is there. Writes docs/results/semi-supervised.json and
 * docs/images/semi-supervised.png. --launcher puts a command in front of every training, e.g. "nice -n 8".
 */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type DiceScores,
  diceOf,
  drawLines,
  link,
  linkAll,
  linkDataset,
  MACHINE,
  otx,
  paramsOf,
  readEpochs,
  readResults,
  type Settings,
  type Spread,
  savedOr,
  spread,
  writeJson,
} from './experiment.js';

const LABELED = 12;
/** An epoch shows each labeled image several times, so that it is not validated more often than needed. */
const COPIES = 5;
const BATCH = 4;
const EPOCHS = 20;
const STEPS = (EPOCHS * LABELED * COPIES) / BATCH;
const SETTINGS = {
  'learning_parameters.batch_size': BATCH,
  'learning_parameters.unlabeled_batch_size': BATCH,
  'learning_parameters.num_iters': EPOCHS,
  'learning_parameters.input_size': '256x256',
  'learning_parameters.augmentation': 'plain',
  'learning_parameters.learning_rate_warmup_iters': 30,
  'learning_parameters.learning_rate_schedule': 'poly',
  'learning_parameters.enable_early_stopping': false,
  'learning_parameters.use_adaptive_interval': true,
  'learning_parameters.auto_adapt_batch_size': 'None',
};
/** The reference keeps 1 % of its teacher where the documentation describes a moving average. */
const METHODS: Readonly<Record<string, Settings | undefined>> = {
  supervised: undefined,
  'semi-supervised': {},
  'momentum 0.01': { 'learning_parameters.ema_momentum': 0.01 },
  unimatch: { 'learning_parameters.semi_method': 'unimatch' },
};
const ROOT = resolve('runs/semi-supervised');
const NAME = 'semi-supervised';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    models: { type: 'string', default: 'Lite-HRNet-18-mod2,SegNext-t,SegNext-t@0.0005' },
    methods: { type: 'string', default: Object.keys(METHODS).join(',') },
    seeds: { type: 'string', default: '0,1,2' },
    launcher: { type: 'string', default: '' },
    print: { type: 'boolean', default: false },
  },
});
const data = resolve(values.data ?? usage());

function usage(): never {
  console.error(
    'usage: npm run experiment:semi-supervised -- --data FOLDER [--models …] [--methods …] [--seeds …] [--print]',
  );
  process.exit(2);
}
const models = values.models.split(',');
const seeds = values.seeds.split(',').map(Number);

interface Training {
  readonly model: string;
  readonly method: string;
  readonly seed: number;
}

type Run = Training & DiceScores;

const { labeled, unlabeled } = linkImages();
if (!values.print) {
  for (const model of models)
    for (const seed of seeds)
      for (const method of values.methods.split(',')) trainOnce({ model, method, seed });
}
await report();

/** The two folders that a user would have, as links. */
function linkImages() {
  const [labeled, unlabeled] = [join(ROOT, 'labeled'), join(ROOT, 'unlabeled')];
  const train = join(data, 'train');
  const names = readdirSync(join(train, 'images')).sort();
  linkDataset({ from: train, names: names.slice(0, LABELED), copies: COPIES, folder: labeled });
  linkAll(join(data, 'unlabeled'), unlabeled);
  for (const name of names.slice(LABELED)) link(join(train, 'images', name), join(unlabeled, name));
  return { labeled, unlabeled };
}

function trainOnce({ model, method, seed }: Training): Run {
  const output = join(ROOT, `${model}-${method.replace(' ', '-')}-${seed}`);
  return savedOr(`${output}.json`, () => {
    const [template = '', learningRate] = model.split('@');
    const words = ['train', template, '--train-data-roots', labeled, '--val-data-roots', join(data, 'val')];
    if (METHODS[method]) words.push('--unlabeled-data-roots', unlabeled);
    words.push('-o', output, '--seed', String(seed), '--pretrained', 'none');
    const rate: Settings = learningRate ? { 'learning_parameters.learning_rate': learningRate } : {};
    const settings = { ...SETTINGS, ...rate, ...METHODS[method] };
    otx([...words, ...paramsOf(settings)], { output, launcher: values.launcher });
    return { model, method, seed, ...diceOf(readEpochs(output)) };
  });
}

/** Table, JSON and picture of all results that are there. */
async function report(): Promise<void> {
  const runs = readResults(ROOT) as Run[];
  const summary = models.flatMap((model) =>
    Object.keys(METHODS).flatMap((method) => {
      const own = runs.filter((run) => run.model === model && run.method === method);
      if (own.length === 0) return [];
      const statistics = (key: 'best' | 'last') => spread(own.map((run) => run[key]));
      return [{ model, method, seeds: own.length, best: statistics('best'), last: statistics('last') }];
    }),
  );
  const file = {
    steps: STEPS,
    settings: SETTINGS,
    machine: MACHINE,
    summary,
    runs,
  };
  writeJson(`docs/results/${NAME}.json`, file);
  await drawCurves(runs);

  console.log('| model | training | seeds | best mean Dice | range | last mean Dice | range |');
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  const cells = ({ mean, deviation, low, high }: Spread) =>
    `${mean.toFixed(3)} ± ${deviation.toFixed(3)} | ${low.toFixed(3)} … ${high.toFixed(3)}`;
  for (const { model, method, seeds, best, last } of summary)
    console.log(`| ${model} | ${method} | ${seeds} | ${cells(best)} | ${cells(last)} |`);
  console.log(`\n${STEPS} steps; mean ± standard deviation over seeds; ${MACHINE}`);
}

/** Mean Dice by epoch, a panel per model, a line per run. */
async function drawCurves(runs: readonly Run[]): Promise<void> {
  const shown = models.filter((model) => runs.some((run) => run.model === model));
  const colors: Readonly<Record<string, string>> = {
    supervised: '#8c959f',
    'semi-supervised': '#0969da',
    'momentum 0.01': '#bf8700',
    unimatch: '#1a7f37',
  };
  const panels = shown.map((model) => ({
    title: `${model}: mean Dice`,
    lines: runs
      .filter((run) => run.model === model)
      .map(({ method, curve }) => ({
        name: method,
        points: curve,
        ...(colors[method] && { color: colors[method] }),
      })),
    min: 0,
  }));
  await drawLines(`docs/images/${NAME}.png`, panels, { range: [0, EPOCHS], unit: 'epoch', dots: false });
}
