import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MANIFEST_FILE } from '../base/outputs/manifest.js';
import { Outputs } from '../base/outputs/outputs.js';
import { type Dataset, openDataset, readMask, verifyDataset } from '../data/index.js';
import { generateScenes } from '../demo/generate.js';
import { detconPictures } from '../methods/detcon.js';
import { batchPictures } from '../methods/pictures.js';
import { supconPictures } from '../methods/supcon.js';
import { teacherPictures } from '../methods/teacher.js';
import type { EpochEvent, StartEvent, StepEvent, TrainEvent } from '../runs/events.js';
import { History, RESULTS_FILE } from '../runs/history.js';
import { ConfusionMatrix } from '../runs/metrics.js';
import type { ReportedRun } from './report.js';
import { createRunReporter, type RunReporter } from './reporter.js';
import { readEvents } from './tensorboard/event-file.js';

const STEPS = 4;
let data: string;
let trainSet: Dataset;
let validationSet: Dataset;
let output: string;
let outputs: Outputs;
let history: History | undefined;
let now = 0;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'otx-report-'));
  await generateScenes(data, { train: 2, val: 5, width: 48, height: 32 });
  [trainSet, validationSet] = (await Promise.all(
    ['train', 'val'].map((name) => openDataset(join(data, name))),
  )) as [Dataset, Dataset];
});
afterAll(() => rm(data, { recursive: true, force: true }));
beforeEach(async () => {
  output = await mkdtemp(join(tmpdir(), 'otx-run-'));
  outputs = await Outputs.open({ root: output });
  history = undefined;
  now = 0;
});
afterEach(() => rm(output, { recursive: true, force: true }));

function startEvent(resumed?: StartEvent['resumed']): StartEvent {
  return {
    type: 'start',
    template: 'Lite-HRNet-s-mod2',
    output,
    config: { template: 'Lite-HRNet-s-mod2', seed: 1, hyper_parameters: {} },
    startedFrom: { kind: 'none' },
    images: { train: trainSet.samples.length, validation: validationSet.samples.length },
    classes: trainSet.classes,
    epochs: 3,
    stepsPerEpoch: STEPS,
    batchSize: 2,
    sizes: { train: 32, validation: 32 },
    parameters: 1,
    engine: { kind: 'stock', reason: 'of a test' },
    resumed,
  };
}

/** A reporter that follows a run of supervised training, or another one. */
function follow(
  start: StartEvent,
  {
    pictures = () => batchPictures('supervised', trainSet.classes),
    reporter = createRunReporter({ tell: () => undefined, clock: () => now }),
    ...others
  }: Partial<Pick<ReportedRun, 'pictures' | 'validationSet'>> & { readonly reporter?: RunReporter } = {},
): RunReporter {
  reporter.onFolder(outputs, start.resumed);
  reporter.onStart({ start, classes: trainSet.classes, trainSet, validationSet, pictures, ...others });
  reporter.onEvent(start);
  return reporter;
}

function stepEvent(epoch: number, step: number): StepEvent {
  return {
    type: 'step',
    epoch,
    epochs: 3,
    step,
    stepsPerEpoch: STEPS,
    loss: 1 / (STEPS * (epoch - 1) + step),
    figures: { share: step / STEPS },
    learningRate: 0.5,
    imagesPerSecond: 1,
    etaSeconds: 1,
  };
}

/** The steps of an epoch, its validation (in which everything is background, but for an average that is always right) and its end. */
async function tellEpoch(
  reporter: RunReporter,
  epoch: number,
  best: boolean,
  average?: string,
): Promise<void> {
  for (let step = 1; step <= STEPS; step++) {
    const batch = {
      step: 'supervised',
      inputs: {
        images: new Float32Array(2 * 3 * 32 * 32),
        labels: new Uint8Array(2 * 32 * 32).fill(step),
      },
      sampleIds: ['first', 'second'],
      waitedMs: 0,
    };
    reporter.onEvent(stepEvent(epoch, step));
    reporter.onStep({ epoch, step, batch, outputs: {} });
  }
  const matrix = new ConfusionMatrix(trainSet.classes.length);
  for (const sample of validationSet.samples) {
    const { data: truth, width, height } = await readMask(sample.maskPath, validationSet.decodeMask);
    const prediction = new Uint8Array(truth.length);
    matrix.add(truth, prediction);
    reporter.onPrediction(epoch, { sample, width, height, truth, prediction });
    // What an average predicts is another thing.
    reporter.onPrediction(epoch, { sample, width, height, truth, prediction: truth }, 'ema');
  }
  const event: EpochEvent = {
    type: 'epoch',
    epoch,
    epochs: 3,
    updates: epoch * STEPS,
    loss: 1 / epoch,
    figures: {},
    learningRate: 0.5,
    metrics: matrix.summary(),
    confusion: matrix.rows(),
    average,
    best,
    seconds: { train: 1, waiting: 0, validation: 1 },
    imagesPerSecond: 2,
  };
  await history?.add(event);
  reporter.onEvent(event);
}

async function report(
  epochs: readonly { epoch: number; best: boolean; average?: string }[],
  resumed?: StartEvent['resumed'],
): Promise<string[]> {
  const notices: string[] = [];
  const reporter = createRunReporter({
    tell: (event) => event.type === 'notice' && notices.push(event.message),
    clock: () => now,
  });
  for (const [subset, dataset] of [['train', trainSet] as const, ['validation', validationSet] as const]) {
    reporter.onEvent({ type: 'data', subset, report: (await verifyDataset(dataset, { workers: 0 })).report });
  }
  follow(startEvent(resumed), { reporter });
  for (const { epoch, best, average } of epochs) await tellEpoch(reporter, epoch, best, average);
  await reporter.finish();
  return notices;
}

async function eventFiles(): Promise<string[]> {
  return (await readdir(output)).filter((name) => name.includes('tfevents')).sort();
}

/** Steps of the scalars with a tag. */
async function stepsOf(name: string, tag: string): Promise<number[]> {
  const events = await readEvents(join(output, name));
  return events.flatMap(({ step, what }) =>
    what.case === 'summary' && what.value.value.some((value) => value.tag === tag) ? [Number(step)] : [],
  );
}

describe('a run folder', () => {
  test('has curves, class shares, sheets, a confusion matrix and TensorBoard events', async () => {
    history = await History.start(outputs, RESULTS_FILE, trainSet.classes);
    const notices = await report([
      { epoch: 1, best: true },
      { epoch: 2, best: false },
    ]);
    expect(notices).toEqual([]);
    const pictures = (await readdir(output)).filter((name) => /\.(png|jpg)$/.test(name)).sort();
    expect(pictures).toEqual([
      'confusion_matrix.png',
      'labels.png',
      'results.png',
      'train_batch_0.jpg',
      'train_batch_1.jpg',
      'train_batch_2.jpg',
      'val_batch_0.png',
      'val_batch_1.png',
    ]);
    for (const picture of pictures) {
      // An empty chart is one colour.
      const { entropy } = await sharp(join(output, picture)).stats();
      expect(entropy, picture).toBeGreaterThan(0.3);
    }
    const [events] = (await eventFiles()) as [string];
    expect(await stepsOf(events, 'train/loss')).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await stepsOf(events, 'validation/mDice')).toEqual([4, 8]);
    expect(await stepsOf(events, `IoU/${trainSet.classes[0]!.name}`)).toEqual([4, 8]);
    expect(await stepsOf(events, 'train_batch/2')).toEqual([3]);
    expect(await stepsOf(events, 'validation')).toContain(4);
  });

  test('sheets of four rows show the same images in every epoch', async () => {
    history = await History.start(outputs, RESULTS_FILE, trainSet.classes);
    await report([{ epoch: 1, best: true }]);
    const [first, second] = await Promise.all(
      [0, 1].map((sheet) => sharp(join(output, `val_batch_${sheet}.png`)).metadata()),
    );
    expect(first!.width).toBe(second!.width);
    expect(first!.height).toBeGreaterThan(2 * second!.height!);
  });

  test('shows the predictions of the weights that are kept, be they an average', async () => {
    const sheetOf = async (average?: string) => {
      history = await History.start(outputs, RESULTS_FILE, trainSet.classes);
      await report([{ epoch: 1, best: true, ...(average !== undefined && { average }) }]);
      return sharp(join(output, 'val_batch_0.png')).raw().toBuffer();
    };
    const trained = await sheetOf();
    expect(trained.equals(await sheetOf())).toBe(true);
    expect(trained.equals(await sheetOf('ema'))).toBe(false);
  });

  test('of contrastive training shows pairs of views, and pseudo masks where nothing is validated', async () => {
    const views = (step: 'detcon' | 'pair' | 'single') => ({
      step,
      inputs: {
        images: new Float32Array(4 * 3 * 32 * 32),
        regions: Uint8Array.from({ length: 4 * 4 * 4 }, (_, i) => i % 3),
        labels: new Uint8Array(2 * 32 * 32),
      },
      sampleIds: ['first', 'second'],
      waitedMs: 0,
    });
    const picturesOf = async (
      start: StartEvent,
      steps: ('detcon' | 'pair' | 'single')[],
      pictures: ReportedRun['pictures'] = (run) => detconPictures(trainSet.samples, run),
    ) => {
      if (!start.resumed) {
        await rm(output, { recursive: true });
        outputs = await Outputs.open({ root: output });
      }
      const notices: string[] = [];
      const tell = (event: TrainEvent) => event.type === 'notice' && notices.push(event.message);
      const reporter = follow(start, { pictures, reporter: createRunReporter({ tell }) });
      for (const [n, step] of steps.entries()) {
        reporter.onStep({ epoch: 1, step: n + 1, batch: views(step), outputs: {} });
      }
      await reporter.finish();
      expect(notices.filter((notice) => !notice.startsWith('results.png'))).toEqual([]);
      return (await readdir(output)).filter((name) => name.endsWith('.jpg')).sort();
    };
    const alone: StartEvent = { ...startEvent(), images: { train: 2, validation: undefined } };
    const withClasses: ReportedRun['pictures'] = (run) => supconPictures(trainSet.classes, run);
    expect(await picturesOf(alone, ['detcon', 'detcon', 'detcon', 'detcon'])).toEqual([
      ...['pseudo_masks.jpg', 'views_0.jpg', 'views_1.jpg', 'views_2.jpg'],
    ]);
    expect(
      await picturesOf(startEvent(), ['single', 'single', 'single', 'single', 'pair'], withClasses),
    ).toEqual([...['train_batch_0.jpg', 'train_batch_1.jpg', 'train_batch_2.jpg', 'views_0.jpg']]);

    // Killed after the first sheet: the others follow, and it stays.
    expect(await picturesOf(alone, ['detcon'])).toEqual(['pseudo_masks.jpg', 'views_0.jpg']);
    await rm(join(output, 'pseudo_masks.jpg'));
    await writeFile(join(output, 'views_0.jpg'), 'earlier');
    const again: StartEvent = { ...alone, resumed: { epoch: 0, step: 1 } };
    expect(await picturesOf(again, ['detcon', 'detcon', 'detcon'])).toEqual([
      ...['pseudo_masks.jpg', 'views_0.jpg', 'views_1.jpg', 'views_2.jpg'],
    ]);
    expect(await readFile(join(output, 'views_0.jpg'), 'utf8')).toBe('earlier');
  });

  test('is drawn again only after a while, but always at the end', async () => {
    history = await History.start(outputs, RESULTS_FILE, trainSet.classes);
    const reporter = follow(startEvent());
    const settled = async () => (await stat(join(output, 'results.png'))).mtimeMs;
    const epoch = (number: number) => tellEpoch(reporter, number, false);
    await epoch(1);
    await expect.poll(settled, { timeout: 4000 }).toBeGreaterThan(0);
    const drawn = await settled();
    await epoch(2);
    await epoch(3);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await settled()).toBe(drawn);
    await reporter.finish();
    expect(await settled()).toBeGreaterThan(drawn);
  });

  test('goes on after a resumption: steps that are repeated stand in the events once', async () => {
    history = await History.start(outputs, RESULTS_FILE, trainSet.classes);
    await report([
      { epoch: 1, best: true },
      { epoch: 2, best: false },
    ]);
    const before = await readFile(join(output, 'train_batch_0.jpg'));
    const labels = await stat(join(output, 'labels.png'));
    const notices = await report([{ epoch: 2, best: true }], { epoch: 1, step: 2 });
    expect(notices).toEqual([]);
    const [old, added] = (await eventFiles()) as [string, string];
    expect(await stepsOf(old, 'train/loss')).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await stepsOf(old, 'validation/mDice')).toEqual([4]);
    expect(await stepsOf(added, 'validation/mDice')).toEqual([8]);
    const [, restart] = await readEvents(join(output, added));
    expect(restart).toMatchObject({ step: 7n, what: { case: 'sessionLog' } });
    expect(await readFile(join(output, 'train_batch_0.jpg'))).toEqual(before);
    expect((await stat(join(output, 'labels.png'))).mtimeMs).toBe(labels.mtimeMs);
  });

  test('has the events of a step long before the end, for a kill must not lose what a checkpoint has', async () => {
    const reporter = follow(startEvent());
    for (const step of [1, 2, 3]) reporter.onEvent(stepEvent(1, step));
    const steps = async () => stepsOf((await eventFiles())[0] ?? 'none', 'train/loss').catch(() => []);
    await expect.poll(steps).toEqual([1, 2, 3]);
    await reporter.finish();
  });

  test('that cannot be written stops nothing; each missing file is told of once', async () => {
    // Folders with content stand where the files should be.
    for (const name of ['results.png', 'labels.png', 'train_batch_1.jpg', 'val_batch_0.png']) {
      await mkdir(join(output, name, 'in the way'), { recursive: true });
    }
    await writeFile(join(output, RESULTS_FILE), 'epoch,loss\n1,0.5\n');
    const notices = await report([
      { epoch: 1, best: true },
      { epoch: 2, best: true },
    ]);
    expect(notices.map((notice) => notice.split(' ')[0]).sort()).toEqual([
      'labels.png',
      'results.png',
      'train_batch_1.jpg',
      'val_batch_0.png',
    ]);
    expect(notices[0]).toMatch(
      /is missing or old, training goes on: .*is a folder where a file is to be written/,
    );
    expect(await readdir(output)).toEqual(
      expect.arrayContaining(['train_batch_2.jpg', 'confusion_matrix.png']),
    );
  });

  test('keeps pictures of the user’s, whatever their names, and says so once', async () => {
    history = await History.start(outputs, RESULTS_FILE, trainSet.classes);
    const own = ['results.png', 'labels.png', 'confusion_matrix.png', 'train_batch_0.jpg', 'val_batch_1.png'];
    for (const name of own) await writeFile(join(output, name), 'precious');
    const notices = await report([
      { epoch: 1, best: true },
      { epoch: 2, best: true },
    ]);
    expect(notices.map((notice) => notice.split(' ')[0]).sort()).toEqual([...own].sort());
    for (const notice of notices) expect(notice).toMatch(/training goes on: .*was not written by otx/);
    for (const name of own) expect(await readFile(join(output, name), 'utf8')).toBe('precious');
    expect(await readdir(output)).toEqual(
      expect.arrayContaining(['val_batch_0.png', 'train_batch_1.jpg', MANIFEST_FILE]),
    );
  });

  test('shows what the teacher says first, and from then on every few epochs', async () => {
    const pictures: ReportedRun['pictures'] = (run) => teacherPictures(trainSet.classes, run);
    const reporter = follow({ ...startEvent(), epochs: 60 }, { pictures });
    const area = 32 * 32;
    const labels = new Uint8Array(area);
    const batch = {
      step: 'semi',
      inputs: {
        images: new Float32Array(3 * area),
        labels,
        weak: new Float32Array(3 * area),
        strong: new Float32Array(3 * area),
      },
      sampleIds: ['labeled', 'unlabeled'],
      waitedMs: 0,
    };
    const opinion = { pseudoLabels: labels, predictions: labels };
    for (const epoch of [2, 3, 4, 5]) {
      for (const step of [STEPS - 1, STEPS]) reporter.onStep({ epoch, step, batch, outputs: opinion });
    }
    await reporter.finish();
    expect(await readdir(join(output, 'teacher'))).toEqual(['epoch_002.jpg', 'epoch_003.jpg']);
  });

  test('a training that fails before its start leaves nothing to finish', async () => {
    const reporter = createRunReporter({ tell: () => undefined });
    reporter.onEvent({ type: 'notice', message: 'early' });
    await reporter.finish();
    expect(await readdir(output)).toEqual([]);
  });
});
