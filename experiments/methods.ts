/**
 * @file Compares the ways of training from the same start, with few labeled images and many without labels, for docs/results.md:
 * supervised, SupCon, mean teacher, UniMatch, and self-supervised before supervised. All settings but length, size of input and
 * batch are those that `otx train` chooses.
 *
 *   npm run experiment:methods -- --data camvid7=FOLDER,cells=FOLDER [--models Lite-HRNet-s-mod2] [--methods supervised,unimatch] \
 *     [--seeds 0,1,2] [--start embedded]
 *   npm run experiment:methods -- --data camvid7=FOLDER --print
 *
 * Each FOLDER holds train/, val/ and perhaps unlabeled/. Twelve images of train/, drawn by the seed, are labeled; the others and
 * those of unlabeled/ are not. Runs go to runs/methods; what is complete there is not repeated. --print makes the table of what is
 * there. Writes docs/results/methods.json.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type DiceScores,
  diceOf,
  drawDataset,
  link,
  linkAll,
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

const LABELED = 12;
const BATCH = 8;
const STEPS = 300;
/** An epoch shows each labeled image several times, so that it is not validated more often than needed. */
const IMAGES_PER_EPOCH = 48;
/** Passes over all images before the labels are looked at. */
const SELF_EPOCHS = 10;
const LENGTH: Settings = {
  'learning_parameters.batch_size': BATCH,
  'learning_parameters.num_iters': (STEPS * BATCH) / IMAGES_PER_EPOCH,
  'learning_parameters.input_size': '256x256',
};
/** What makes a way of training of the plain one. */
const METHODS: Readonly<Record<string, { readonly settings?: Settings; readonly needs?: 'unlabeled' }>> = {
  supervised: {},
  supcon: { settings: { 'learning_parameters.enable_supcon': true } },
  'mean-teacher': { settings: { 'learning_parameters.semi_method': 'mean-teacher' }, needs: 'unlabeled' },
  unimatch: { settings: { 'learning_parameters.semi_method': 'unimatch' }, needs: 'unlabeled' },
  'self-supervised': { needs: 'unlabeled' },
};
const PLAIN = 'supervised';
const ROOT = resolve('runs/methods');

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    models: { type: 'string', default: 'Lite-HRNet-s-mod2' },
    methods: { type: 'string', default: Object.keys(METHODS).join(',') },
    seeds: { type: 'string', default: '0,1,2' },
    start: { type: 'string', default: 'embedded' },
    launcher: { type: 'string', default: '' },
    print: { type: 'boolean', default: false },
  },
});
if (values.data === undefined) {
  console.error(
    'usage: npm run experiment:methods -- --data NAME=FOLDER,… [--models …] [--methods …] [--seeds …] [--print]',
  );
  process.exit(2);
}
const folders = new Map(values.data.split(',').map((entry) => entry.split('=') as [string, string]));
const [models, methods] = [values.models, values.methods].map((names) => names.split(',')) as [
  string[],
  string[],
];
const seeds = values.seeds.split(',').map(Number);

interface Training {
  readonly data: string;
  readonly model: string;
  readonly method: string;
  readonly seed: number;
}

interface Run extends Training, DiceScores {
  /** Of all trainings that the method takes. */
  readonly trainSeconds: number;
}

if (!values.print) {
  // Whole comparisons first: whatever is complete can be read.
  for (const seed of seeds)
    for (const model of models)
      for (const data of folders.keys())
        for (const method of methods) trainOnce({ data, model, method, seed });
}
report();

function trainOnce(training: Training): Run {
  const { data, model, method, seed } = training;
  const output = join(ROOT, `${data}-${model}-${method}-${seed}`);
  return savedOr(`${output}.json`, () => {
    const { labeled, unlabeled } = linkImages(data, seed);
    const { settings, needs } = METHODS[method]!;
    const common = ['train', model, '--seed', String(seed)];
    const job = { launcher: values.launcher, recipe: 'auto' } as const;
    let start = ['--pretrained', values.start];
    let before = 0;
    if (method === 'self-supervised') {
      const first = `${output}-first`;
      const words = [...common, '--train-type', 'Selfsupervised', '--train-data-roots', unlabeled, ...start];
      otx([...words, '-o', first, ...paramsOf({ 'learning_parameters.num_iters': SELF_EPOCHS })], {
        ...job,
        output: first,
      });
      before = total(readEpochs(first), 'train_seconds');
      start = ['--load-weights', first];
    }
    const words = [
      ...common,
      '--train-data-roots',
      labeled,
      '--val-data-roots',
      join(folders.get(data)!, 'val'),
      ...start,
    ];
    if (needs === 'unlabeled' && before === 0) words.push('--unlabeled-data-roots', unlabeled);
    otx([...words, '-o', output, ...paramsOf({ ...LENGTH, ...settings })], { ...job, output });
    const epochs = readEpochs(output);
    return { ...training, ...diceOf(epochs), trainSeconds: before + total(epochs, 'train_seconds') };
  });
}

/** The folders that a user would have, as links. */
function linkImages(data: string, seed: number): { readonly labeled: string; readonly unlabeled: string } {
  const [labeled, unlabeled] = ['labeled', 'unlabeled'].map((kind) =>
    join(ROOT, `${kind}-${data}-${seed}`),
  ) as [string, string];
  const from = resolve(folders.get(data)!, 'train');
  drawDataset({ from, count: LABELED, seed, perEpoch: IMAGES_PER_EPOCH, folder: labeled });
  const more = resolve(folders.get(data)!, 'unlabeled');
  if (existsSync(more)) linkAll(more, unlabeled);
  const taken = new Set(
    readdirSync(join(labeled, 'images')).map((name) => name.replace(/-\d+(\.[^.]+)$/, '$1')),
  );
  for (const name of readdirSync(join(from, 'images')))
    if (!taken.has(name)) link(join(from, 'images', name), join(unlabeled, name));
  return { labeled, unlabeled };
}

/** The table of all results that are there, with what each gains over the plain one with the same images. */
function report(): void {
  const runs = readResults(ROOT) as Run[];
  const rows = models.flatMap((model) =>
    [...folders.keys()].flatMap((data) =>
      methods.flatMap((method) => {
        const of = (wanted: string) =>
          runs.filter((run) => run.model === model && run.data === data && run.method === wanted);
        const pairs = of(method).flatMap((run) =>
          of(PLAIN)
            .filter(({ seed }) => seed === run.seed)
            .map((plain) => ({ gain: run.best - plain.best, time: run.trainSeconds / plain.trainSeconds })),
        );
        if (of(method).length === 0) return [];
        return [
          {
            ...{
              model,
              data,
              method,
              seeds: of(method).length,
              best: spread(of(method).map(({ best }) => best)),
            },
            gain: pairs.length > 0 && method !== PLAIN ? spread(pairs.map(({ gain }) => gain)) : null,
            time: pairs.length > 0 ? spread(pairs.map(({ time }) => time)).mean : null,
          },
        ];
      }),
    ),
  );
  writeJson('docs/results/methods.json', {
    ...{ labeled: LABELED, steps: STEPS, settings: LENGTH, start: values.start, machine: MACHINE },
    ...{ summary: rows, runs },
  });
  const cell = (s: Spread | null) => (s ? `${s.mean.toFixed(3)} ± ${s.deviation.toFixed(3)}` : '');
  console.log(
    '| network | data | training | seeds | best mean Dice | more than supervised, seed by seed | time |',
  );
  console.log('| --- | --- | --- | ---: | ---: | ---: | ---: |');
  for (const { model, data, method, seeds: count, best, gain, time } of rows)
    console.log(
      `| ${model} | ${data} | ${method} | ${count} | ${cell(best)} | ${cell(gain)} | ${time?.toFixed(1) ?? ''} |`,
    );
  console.log(
    `\n${LABELED} labeled images, ${STEPS} steps from the start ${values.start}; mean ± standard deviation over seeds; ${MACHINE}.`,
  );
}
