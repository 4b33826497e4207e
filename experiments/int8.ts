/**
 * @file What trained models lose in 8-bit integers, and what they gain, for docs/optimize.md: mean Dice on the validation images before and
 * after, the share of pixels whose class stays, size and time, over several seeds. Trains the models by the bare command, or for --epochs.
 *
 *   npm run experiment:int8 -- --data FOLDER [--models Lite-HRNet-s-mod2,SegNext-t] [--seeds 0,1,2] [--epochs 40] [--images 48]
 *   npm run experiment:int8 -- --data FOLDER --every --models Lite-HRNet-s-mod2
 *   npm run experiment:int8 -- --data FOLDER --times
 *   npm run experiment:int8 -- --data FOLDER --print
 *
 * FOLDER holds train/ and val/. --every rounds depthwise convolutions of Lite-HRNet as well, whatever that costs, for a longer fine-tuning to
 * win back. Everything goes to runs/int8; what is complete there is not repeated. --times measures the files of the first seed that are there
 * and nothing else, so that nothing else needs to run on the machine. --print makes the table of what is there. Writes
 * docs/results/int8.json.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createSegmenter, exportModel, type OptimizeMethod, optimizeModel } from 'otx';
import { MACHINE, otx, paramsOf, readResults, savedOrMade, spread, writeJson } from './experiment.js';

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
    seeds: { type: 'string', default: '0,1,2' },
    epochs: { type: 'string' },
    images: { type: 'string', default: '48' },
    every: { type: 'boolean', default: false },
    times: { type: 'boolean', default: false },
    print: { type: 'boolean', default: false },
  },
});
if (values.data === undefined) {
  console.error(
    'usage: npm run experiment:int8 -- --data FOLDER [--models …] [--seeds …] [--epochs …] [--every] [--times] [--print]',
  );
  process.exit(2);
}
const trainData = resolve(values.data, 'train');
const validationData = resolve(values.data, 'val');
const models = values.models.split(',');
const seeds = values.seeds.split(',').map(Number);

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

interface Training {
  readonly model: string;
  readonly seed: number;
}

interface Scores extends Training {
  readonly megabytes: number;
  readonly mDice: number;
  readonly ptq: Quantised;
  readonly qat: Quantised & { readonly bestEpoch: number };
}

/** With every convolution in 8 bits. */
interface Every extends Training {
  /** Of the trained model. */
  readonly mDice: number;
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
  // Whole comparisons first: whatever is complete can be read.
  for (const seed of values.times ? seeds.slice(0, 1) : seeds) {
    for (const model of models) {
      const made = (kind: string) => join(ROOT, kind, `${model}-${seed}.json`);
      if (values.every) await savedOrMade(made('every'), () => every({ model, seed }));
      else if (values.times) await savedOrMade(made('times'), () => times({ model, seed }));
      else await savedOrMade(made('scores'), () => scores({ model, seed }));
    }
  }
}
report();

/** The run of a trained model. */
function runOf({ model, seed }: Training): string {
  const run = join(ROOT, `${model}-${seed}`);
  if (existsSync(join(run, 'models', 'weights.safetensors'))) return run;
  const words = ['train', model, '--train-data-roots', trainData, '--val-data-roots', validationData];
  words.push('-o', run, '--seed', String(seed), '--pretrained', STARTS[model]!);
  if (values.epochs) words.push(...paramsOf({ 'learning_parameters.num_iters': values.epochs }));
  otx(words, { output: run, recipe: 'auto' });
  return run;
}

/** The folder of what is made of a trained model. */
function placeOf(kind: string, { model, seed }: Training): string {
  return join(ROOT, kind, `${model}-${seed}`);
}

async function scores(training: Training): Promise<Scores> {
  const weights = runOf(training);
  const float = await exportModel({ weights, output: placeOf('float', training) });
  const quantise = (method: OptimizeMethod) =>
    optimizeModel({
      ...{ weights, trainData, validationData, method, statSubsetSize: Number(values.images) },
      output: placeOf('quantised', training),
    });
  const ptq = await quantise('ptq');
  const qat = await quantise('qat');
  return {
    ...{ ...training, megabytes: float.bytes / 1e6, mDice: ptq.mDice.trained },
    ptq: described(ptq),
    qat: { ...described(qat), bestEpoch: qat.training!.bestEpoch },
  };
}

/** Nothing may be left in floats for the score's sake. */
async function every(training: Training): Promise<Every> {
  const options = {
    ...{ weights: runOf(training), trainData, validationData, statSubsetSize: Number(values.images) },
    ...{ output: placeOf('every-file', training), depthwise: true, maxDrop: 100 },
  };
  const ptq = await optimizeModel(options);
  const qat = await optimizeModel({ ...options, method: 'qat', ...LONGER });
  return {
    ...{ ...training, mDice: ptq.mDice.trained },
    ptq: described(ptq),
    qat: { ...described(qat), bestEpoch: qat.training!.bestEpoch },
  };
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
async function times(training: Training): Promise<Times> {
  const folder = join(validationData, 'images');
  const image = join(folder, readdirSync(folder).sort()[0]!);
  const files = [
    join(placeOf('float', training), 'model.onnx'),
    join(placeOf('quantised', training), 'ptq', 'model.onnx'),
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
  return { model: training.model, float, int8 };
}

/** The table of all results that are there. */
function report(): void {
  const read = <T>(kind: string) =>
    existsSync(join(ROOT, kind)) ? (readResults(join(ROOT, kind)) as T[]) : [];
  const [all, everywhere, measured] = [read<Scores>('scores'), read<Every>('every'), read<Times>('times')];
  writeJson('docs/results/int8.json', {
    ...{ machine: MACHINE, epochs: values.epochs ? Number(values.epochs) : null },
    ...{
      images: Number(values.images),
      longer: LONGER,
      runs: all,
      every: everywhere,
      milliseconds: measured,
    },
  });
  console.log(
    '| model | float MB | mean Dice | ptq | pixels as float | size | qat | pixels as float | ms float | ms int8 |',
  );
  console.log(`| --- |${' ---: |'.repeat(9)}`);
  for (const model of models) {
    const runs = all.filter((run) => run.model === model);
    const time = measured.find((run) => run.model === model);
    const milliseconds = time ? [time.float.toFixed(1), time.int8.toFixed(1)] : ['', ''];
    if (runs.length > 0) printRow(model, runs, runs[0]!.megabytes.toFixed(2), milliseconds);
  }
  for (const model of models) {
    const runs = everywhere.filter((run) => run.model === model);
    if (runs.length > 0) printRow(`${model}, every convolution`, runs, '', ['', '']);
  }
  console.log(
    `\nMean and standard deviation over seeds ${seeds.join(', ')}; ptq and qat in points of 100 beside the trained model; ` +
      ` ${values.images} images looked at; ${MACHINE}.`,
  );
}

function printRow(
  name: string,
  runs: readonly Pick<Scores, 'mDice' | 'ptq' | 'qat'>[],
  megabytes: string,
  milliseconds: readonly string[],
): void {
  const over = (value: (run: (typeof runs)[number]) => number, digits: number) => {
    const { mean, deviation } = spread(runs.map(value));
    return `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
  };
  const change = (method: 'ptq' | 'qat') => {
    const points = over((run) => 100 * run[method].difference, 2);
    return points.startsWith('-') ? points : `+${points}`;
  };
  const same = (method: 'ptq' | 'qat') => `${over((run) => 100 * run[method].equalPixels, 2)} %`;
  const size = spread(runs.map(({ ptq }) => ptq.size)).mean.toFixed(2);
  const cells = [name, megabytes, over(({ mDice }) => mDice, 4), change('ptq'), same('ptq'), size];
  cells.push(change('qat'), same('qat'), ...milliseconds);
  console.log(`| ${cells.join(' | ')} |`);
}
