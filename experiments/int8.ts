/**
 * @file What trained models lose in 8-bit integers, and what they gain, for docs/optimize.md: mean Dice on the validation images before and
 * after, the share of pixels whose class stays, size and time. Trains the models by the bare command, or takes trained ones.
 *
 *   npm run experiment:int8 -- --data FOLDER [--models Lite-HRNet-s-mod2,SegNext-t] [--runs Lite-HRNet-s-mod2=RUN] [--images 48]
 *   npm run experiment:int8 -- --data FOLDER --every --models Lite-HRNet-s-mod2
 *   npm run experiment:int8 -- --data FOLDER --times
 *   npm run experiment:int8 -- --data FOLDER --print
 *
 * FOLDER holds train/ and val/. --every rounds depthwise convolutions of Lite-HRNet as well, whatever that costs, for a longer fine-tuning to win back. Everything goes to runs/int8; what is complete there is not repeated. --times measures the files that are
 * there and nothing else, so that nothing else needs to run on the machine. --print makes the table of what is there. Writes
 * docs/results/int8.json.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createSegmenter, exportModel, type OptimizeMethod, optimizeModel } from 'otx';
import { MACHINE, otx, readResults, savedOrMade, writeJson } from './experiment.js';

const ROOT = resolve('runs/int8');
/** What trainings start from; all else follows from that. */
const STARTS: Readonly<Record<string, string>> = {
  'Lite-HRNet-s-mod2': 'embedded',
  'Lite-HRNet-18-mod2': 'embedded',
  'SegNext-t': 'embedded',
};
/** Of the fine-tuning where much was lost. */
const LONGER = { epochs: 5, learningRate: 5e-4 };
/** Of either file, in turns. */
const TIMED = 30;

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    models: { type: 'string', default: Object.keys(STARTS).join() },
    runs: { type: 'string', default: '' },
    images: { type: 'string', default: '48' },
    every: { type: 'boolean', default: false },
    times: { type: 'boolean', default: false },
    print: { type: 'boolean', default: false },
  },
});
if (values.data === undefined) {
  console.error(
    'usage: npm run experiment:int8 -- --data FOLDER [--models …] [--runs …] [--times] [--print]',
  );
  process.exit(2);
}
const trainData = resolve(values.data, 'train');
const validationData = resolve(values.data, 'val');
const models = values.models.split(',');
const given = new Map(values.runs.split(',').map((entry) => entry.split('=') as [string, string]));

/** What became of a model in one way. */
interface Quantised {
  readonly mDice: number;
  /** Less that of the trained model. */
  readonly difference: number;
  readonly equalPixels: number;
  /** Of the float file. */
  readonly size: number;
  /** Convolutions in 8 bits, in floats for their depth, and because the score fell. */
  readonly layers: { readonly int8: number; readonly depthwise: number; readonly sensitive: number };
}

interface Scores {
  readonly model: string;
  readonly megabytes: number;
  readonly mDice: number;
  readonly ptq: Quantised;
  readonly qat: Quantised & { readonly bestEpoch: number };
}

/** With every convolution in 8 bits. */
interface Every {
  readonly model: string;
  readonly ptq: Quantised;
  readonly qat: Quantised & { readonly bestEpoch: number };
}

interface Times {
  readonly model: string;
  /** Median milliseconds for a picture. */
  readonly float: number;
  readonly int8: number;
}

if (!values.print) {
  for (const model of models) {
    if (values.every) await savedOrMade(join(ROOT, 'every', `${model}.json`), () => every(model));
    else if (values.times) await savedOrMade(join(ROOT, 'times', `${model}.json`), () => times(model));
    else await savedOrMade(join(ROOT, 'scores', `${model}.json`), () => scores(model));
  }
}
report();

/** The run of a trained model. */
function runOf(model: string): string {
  const known = given.get(model);
  if (known !== undefined) return resolve(known);
  const run = join(ROOT, model);
  if (existsSync(join(run, 'models', 'weights.safetensors'))) return run;
  const words = ['train', model, '--train-data-roots', trainData, '--val-data-roots', validationData];
  otx([...words, '-o', run, '--pretrained', STARTS[model]!], { output: run, recipe: 'auto' });
  return run;
}

async function scores(model: string): Promise<Scores> {
  const weights = runOf(model);
  const float = await exportModel({ weights, output: join(ROOT, 'float', model) });
  const quantise = (method: OptimizeMethod) =>
    optimizeModel({
      ...{ weights, trainData, validationData, method, statSubsetSize: Number(values.images) },
      output: join(ROOT, 'quantised', model),
    });
  const ptq = await quantise('ptq');
  const qat = await quantise('qat');
  return {
    ...{ model, megabytes: float.bytes / 1e6, mDice: ptq.mDice.trained },
    ptq: described(ptq),
    qat: { ...described(qat), bestEpoch: qat.training!.bestEpoch },
  };
}

/** Nothing may be left in floats for the score's sake. */
async function every(model: string): Promise<Every> {
  const options = {
    ...{ weights: runOf(model), trainData, validationData, statSubsetSize: Number(values.images) },
    ...{ output: join(ROOT, 'every-file', model), depthwise: true, maxDrop: 100 },
  };
  const ptq = await optimizeModel(options);
  const qat = await optimizeModel({ ...options, method: 'qat', ...LONGER });
  return { model, ptq: described(ptq), qat: { ...described(qat), bestEpoch: qat.training!.bestEpoch } };
}

function described({
  mDice,
  equalPixels,
  bytes,
  layers,
}: Awaited<ReturnType<typeof optimizeModel>>): Quantised {
  const count = (wanted: string | undefined) => layers.filter(({ reason }) => reason === wanted).length;
  return {
    mDice: mDice.optimized,
    difference: mDice.optimized - mDice.trained,
    equalPixels,
    size: bytes.optimized / bytes.trained,
    layers: { int8: count(undefined), depthwise: count('depthwise'), sensitive: count('sensitive') },
  };
}

/** Of the float file and that of post-training quantisation, in turns, so that both see the same machine. */
async function times(model: string): Promise<Times> {
  const folder = join(validationData, 'images');
  const image = join(folder, readdirSync(folder).sort()[0]!);
  const files = [
    join(ROOT, 'float', model, 'model.onnx'),
    join(ROOT, 'quantised', model, 'ptq', 'model.onnx'),
  ];
  const segmenters = await Promise.all(files.map((weights) => createSegmenter({ weights })));
  const found = segmenters.map((): number[] => []);
  for (let run = -3; run < TIMED; run++) {
    for (const [i, segmenter] of segmenters.entries()) {
      const start = performance.now();
      await segmenter.segment(image);
      if (run >= 0) found[i]!.push(performance.now() - start);
    }
  }
  await Promise.all(segmenters.map((segmenter) => segmenter.dispose()));
  const [float, int8] = found.map((all) => all.sort((a, b) => a - b)[TIMED / 2]!) as [number, number];
  return { model, float, int8 };
}

/** The table of all results that are there. */
function report(): void {
  const read = <T>(kind: string) =>
    existsSync(join(ROOT, kind)) ? (readResults(join(ROOT, kind)) as T[]) : [];
  const [all, measured] = [read<Scores>('scores'), read<Times>('times')];
  const everywhere = read<Every>('every');
  const runs = models.flatMap((name) => {
    const found = all.find(({ model }) => model === name);
    return found
      ? [
          {
            ...found,
            every: everywhere.find(({ model }) => model === name) ?? null,
            milliseconds: measured.find(({ model }) => model === name) ?? null,
          },
        ]
      : [];
  });
  writeJson('docs/results/int8.json', {
    machine: MACHINE,
    images: Number(values.images),
    longer: LONGER,
    runs,
  });
  console.log(
    '| model | float MB | mean Dice | ptq | pixels as float | size | qat | pixels as float | ms float | ms int8 |',
  );
  console.log(`| --- |${' ---: |'.repeat(9)}`);
  const points = (quantised: Quantised) =>
    `${quantised.mDice.toFixed(4)} (${quantised.difference < 0 ? '' : '+'}${(100 * quantised.difference).toFixed(2)})`;
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  for (const { model, megabytes, mDice, ptq, qat, milliseconds } of runs) {
    const time = milliseconds ? [milliseconds.float.toFixed(1), milliseconds.int8.toFixed(1)] : ['', ''];
    const cells = [model, megabytes.toFixed(2), mDice.toFixed(4), points(ptq), percent(ptq.equalPixels)];
    cells.push(ptq.size.toFixed(2), points(qat), percent(qat.equalPixels), ...time);
    console.log(`| ${cells.join(' | ')} |`);
  }
  for (const { model, mDice, every } of runs) {
    if (!every) continue;
    const { ptq, qat } = every;
    const cells = [
      `${model}, every convolution`,
      '',
      mDice.toFixed(4),
      points(ptq),
      percent(ptq.equalPixels),
    ];
    cells.push(ptq.size.toFixed(2), points(qat), percent(qat.equalPixels), '', '');
    console.log(`| ${cells.join(' | ')} |`);
  }
  console.log(`\nPoints of 100 in brackets; ${values.images} images looked at; ${MACHINE}.`);
}
