/**
 * @file Compares the weights of a training with averages of them: exponential (EMA) and uniform over the last quarter of the steps
 * (SWA), for docs/test-time.md. Neither changes what the weights learn, so one training has all three.
 *
 *   npm run experiment:averages -- --data camvid7=FOLDER,cells=FOLDER [--model Lite-HRNet-s-mod2] [--count 24] [--schedules poly] \
 *     [--seeds 0,1,2]
 *
 * Each FOLDER holds train/ and val/; "npm run generate" draws such data sets. Trainings start from the embedded backbone. Runs go to
 * runs/averages; what is complete there is not repeated, so that it goes on where it was stopped. Writes docs/results/averages.json.
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { drawDataset, MACHINE, otx, paramsOf, readEpochs, savedOr, spread, writeJson } from './experiment.js';

const STEPS = 150;
const BATCH = 8;
/** An epoch has each image several times. */
const IMAGES_PER_EPOCH = 48;
const SETTINGS = {
  'learning_parameters.batch_size': BATCH,
  'learning_parameters.num_iters': (STEPS * BATCH) / IMAGES_PER_EPOCH,
  'learning_parameters.input_size': '256x256',
  'learning_parameters.learning_rate': 0.002,
  'learning_parameters.learning_rate_warmup_iters': 15,
  'learning_parameters.augmentation': 'plain',
  'learning_parameters.enable_early_stopping': false,
  'learning_parameters.validation_interval': 5,
  'learning_parameters.ema_decay': 0.99,
  'learning_parameters.swa_start': 0.75,
};
const KINDS = ['trained', 'ema', 'swa'] as const;
const ROOT = resolve('runs/averages');

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    model: { type: 'string', default: 'Lite-HRNet-s-mod2' },
    count: { type: 'string', default: '24' },
    schedules: { type: 'string', default: 'poly' },
    seeds: { type: 'string', default: '0,1,2' },
  },
});
const folders = (values.data ?? usage()).split(',').map((entry) => entry.split('=') as [string, string]);
const { model } = values;
const count = Number(values.count);
const schedules = values.schedules.split(',');
const seeds = values.seeds.split(',').map(Number);

function usage(): never {
  console.error('usage: npm run experiment:averages -- --data NAME=FOLDER,… [--schedules …] [--seeds …]');
  process.exit(2);
}

/** Mean Dice of the weights at the end of a training, and of the averages of them. */
interface Run {
  readonly data: string;
  readonly schedule: string;
  readonly seed: number;
  readonly last: Readonly<Record<(typeof KINDS)[number], number>>;
}

function trainOnce(data: string, folder: string, schedule: string, seed: number): Run {
  const output = join(ROOT, `${data}-${model}-${count}-${schedule}-${seed}`);
  return savedOr(`${output}.json`, () => {
    const from = resolve(folder, 'train');
    const labeled = join(ROOT, `labeled-${data}-${count}-${seed}`);
    const train = drawDataset({ from, count, seed, perEpoch: IMAGES_PER_EPOCH, folder: labeled });
    const words = ['train', model, '--train-data-roots', train, '--val-data-roots', join(folder, 'val')];
    words.push('-o', output, '--seed', String(seed), '--pretrained', 'embedded', '--threads', '1');
    const settings = { ...SETTINGS, 'learning_parameters.learning_rate_schedule': schedule };
    otx([...words, ...paramsOf(settings)], { output });
    const end = readEpochs(output).at(-1);
    const last = Object.fromEntries(KINDS.map((kind) => [kind, end?.[`${kind}_mDice`] ?? Number.NaN]));
    return { data, schedule, seed, last: last as Run['last'] };
  });
}

const runs = seeds.flatMap((seed) =>
  schedules.flatMap((schedule) => folders.map(([data, folder]) => trainOnce(data, folder, schedule, seed))),
);
writeJson('docs/results/averages.json', { model, count, settings: SETTINGS, machine: MACHINE, runs });

const shown = (scores: readonly number[], sign = '') => {
  const { mean, deviation } = spread(scores);
  return `${mean > 0 ? sign : ''}${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;
};
console.log(
  '| schedule | data | weights | EMA - weights | SWA - weights |\n| --- | --- | ---: | ---: | ---: |',
);
for (const schedule of schedules)
  for (const [data] of folders) {
    const own = runs.filter((run) => run.data === data && run.schedule === schedule).map(({ last }) => last);
    const gain = (kind: 'ema' | 'swa') =>
      shown(
        own.map((last) => last[kind] - last.trained),
        '+',
      );
    console.log(
      `| ${schedule} | ${data} | ${shown(own.map((last) => last.trained))} | ${gain('ema')} | ${gain('swa')} |`,
    );
  }
console.log(
  `\nMean Dice after ${STEPS} steps, mean and standard deviation over seeds ${seeds.join(', ')}; ${MACHINE}.`,
);
