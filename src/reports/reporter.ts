/** @file Fills the run folder with what people look at, beside the training and without ever stopping it. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../base/errors.js';
import type { Outputs } from '../base/outputs/outputs.js';
import { readTextOf } from '../base/read-file.js';
import sharp from '../data/images/sharp.js';
import type {
  DatasetReport,
  DetconBatch,
  LabeledBatch,
  PairedBatch,
  TrainBatch,
  ViewInputs,
} from '../data/index.js';
import { drawConfusion } from '../drawing/charts/confusion.js';
import { drawLabels } from '../drawing/charts/labels.js';
import { drawResults } from '../drawing/charts/results.js';
import { parseResults } from '../drawing/charts/results-table.js';
import type { RgbImage } from '../drawing/overlay.js';
import { encodePng } from '../drawing/overlay.js';
import {
  drawPredictions,
  drawTrainBatch,
  reducePrediction,
  type SegmentedPicture,
} from '../drawing/sheets/sheets.js';
import { drawTeacherSheet } from '../drawing/sheets/teacher-sheet.js';
import { drawPseudoMasks, drawViews } from '../drawing/sheets/view-sheets.js';
import type {
  BatchEvent,
  EpochEvent,
  PredictionEvent,
  StartEvent,
  StepEvent,
  TrainEvent,
} from '../runs/events.js';
import { HISTORY_KIND } from '../runs/history.js';
import type { ConfusionMatrix } from '../runs/metrics.js';
import { seldom } from './seldom.js';
import { createEventFile, type EventFile, truncateEvents } from './tensorboard/event-file.js';

/** The table of all epochs, which the training itself keeps; the charts are drawn from it. */
export const RESULTS_FILE = 'results.csv';

/** Sheets of what teacher and student say about unlabeled images. */
export const TEACHER_FOLDER = 'teacher';

const TRAIN_SHEETS = 3;
/** Images that are shown with their pseudo masks. */
const SHOWN_SEGMENTED = 8;
/** Validation images that are shown, always the same ones, and how many on a sheet. */
const SHOWN_IMAGES = 8;
const IMAGES_PER_SHEET = 4;
/** TensorBoard is given pictures of about this many epochs of a run. */
const TENSORBOARD_PICTURES = 20;

export interface RunReporterOptions {
  /** Folder of the run, asked for when the training starts. */
  readonly outputs: () => Outputs;
  /** Told once of each file that cannot be written. */
  readonly onNotice: (message: string) => void;
  /** In seconds. */
  readonly clock?: () => number;
}

/** Takes part in a training by its events. */
export interface RunReporter {
  /** Never throws and returns at once; files are written later. */
  onEvent(event: TrainEvent): void;
  /** Writes what is left. To be called when the training ends, however it ends; never throws. */
  finish(): Promise<void>;
}

/** One validated epoch. */
interface Validated {
  readonly epoch: number;
  readonly step: number;
  readonly mDice: number;
  readonly matrix: ConfusionMatrix | undefined;
  readonly pictures: readonly SegmentedPicture[];
}

/**
 * Reports a training into its run folder: `results.png`, `labels.png`, `confusion_matrix.png`, `train_batch_0..2.jpg`,
 * `val_batch_0..1.png` (of the best epoch) and event files for TensorBoard; contrastive training also `views_0..2.jpg`, and
 * `pseudo_masks.jpg` where it makes them; semi-supervised training also
 * `teacher/epoch_NNN.jpg` of every few epochs. Charts are redrawn after an epoch when at
 * least 5 seconds and 20 times the time of drawing have passed, and at the end. A resumed run goes on with the same files.
 */
export function createRunReporter({ outputs, onNotice, clock }: RunReporterOptions): RunReporter {
  const reports = new Map<string, DatasetReport>();
  const told = new Set<string>();
  let queue: Promise<void> = Promise.resolve();
  let run: RunFiles | undefined;

  const attempt: Attempt = (what, work) =>
    work().catch((error: unknown) => {
      if (told.has(what)) return;
      told.add(what);
      onNotice(`${what} is missing or old, training goes on: ${messageOf(error)}`);
    });
  /** One after the other, so that two versions of a file cannot overtake each other. */
  const enqueue: Attempt = (what, work) => {
    queue = queue.then(() => attempt(what, work));
    return queue;
  };

  return {
    onEvent: (event) => {
      if (event.type === 'data') reports.set(event.subset, event.report);
      else if (event.type === 'start') run = startRun(event, outputs(), reports, { attempt, enqueue }, clock);
      else run?.onEvent(event);
    },
    finish: async () => {
      run?.finish();
      await queue;
    },
  };
}

/** Does the work; a failure is told of once per kind of file. Never rejects. */
type Attempt = (what: string, work: () => Promise<void>) => Promise<void>;

interface RunFiles {
  onEvent(event: TrainEvent): void;
  finish(): void;
}

function startRun(
  start: StartEvent,
  outputs: Outputs,
  reports: ReadonlyMap<string, DatasetReport>,
  { attempt, enqueue }: { readonly attempt: Attempt; readonly enqueue: Attempt },
  clock = () => performance.now() / 1000,
): RunFiles {
  const { classes, stepsPerEpoch, resumed } = start;
  const names = classes.map(({ name }) => name);
  /** A run that was killed early may have left without its first pictures. */
  const isMissing = (name: string) => resumed === undefined || !existsSync(outputs.path(name));
  const shown = new Set(evenlySpaced(start.validationSet?.samples ?? [], SHOWN_IMAGES).map(({ id }) => id));
  const pictures = new Map<string, SegmentedPicture>();
  const resumedStep = resumed && resumed.epoch * stepsPerEpoch + resumed.step;
  let lastStep = resumedStep ?? 0;
  let latest: Validated | undefined;
  let best: Validated | undefined;

  const events: EventFile = createEventFile(outputs, resumedStep);
  if (resumedStep !== undefined) {
    enqueue('the earlier TensorBoard file', () => truncateEvents(outputs, resumedStep));
  }
  // Not behind the drawing: a checkpoint is newer than the events of its steps, which a kill must not lose.
  const flushEvents = () => attempt('the TensorBoard file', () => events.flush());
  const addPicture = async (tag: string, step: number, picture: RgbImage) => {
    const { width, height } = picture;
    events.image(step, tag, { width, height, file: await encodeJpeg(picture) });
  };

  const drawCharts = () => {
    const drawn = best;
    best = undefined;
    const shownLatest = latest;
    latest = undefined;
    enqueue('results.png', async () => {
      const table = parseResults(await readTextOf(outputs.path(RESULTS_FILE), HISTORY_KIND));
      if (table.epochs.length > 0) await outputs.write('results.png', await drawResults(table, classes));
    });
    if (drawn?.matrix) {
      const { matrix, epoch, mDice } = drawn;
      const caption = `share of the true pixels, best epoch ${epoch}, mDice ${mDice.toFixed(4)}`;
      enqueue('confusion_matrix.png', async () =>
        outputs.write('confusion_matrix.png', await drawConfusion(matrix, classes, caption)),
      );
    }
    for (let sheet = 0; drawn && sheet * IMAGES_PER_SHEET < drawn.pictures.length; sheet++) {
      const name = `val_batch_${sheet}.png`;
      const rows = drawn.pictures.slice(sheet * IMAGES_PER_SHEET, (sheet + 1) * IMAGES_PER_SHEET);
      enqueue(name, async () => outputs.write(name, await encodePng(await drawPredictions(rows, classes))));
    }
    if (shownLatest && shownLatest.pictures.length > 0) {
      const { pictures, step } = shownLatest;
      enqueue('the TensorBoard file', async () => {
        const sheet = await drawPredictions(pictures.slice(0, IMAGES_PER_SHEET), classes);
        await addPicture('validation', step, sheet);
      });
    }
    return enqueue('the TensorBoard file', () => events.flush());
  };
  const charts = seldom(drawCharts, clock);

  if (isMissing('labels.png')) {
    enqueue('labels.png', async () => {
      const subsets = [
        { name: 'train', dataset: start.trainSet },
        { name: 'validation', dataset: start.validationSet },
      ].flatMap(({ name, dataset }) => {
        const report = reports.get(name);
        return report && dataset ? [{ name, report, sizes: dataset.samples }] : [];
      });
      if (subsets.length > 0) await outputs.write('labels.png', await drawLabels(classes, subsets));
    });
  }

  // Only a training that learns from images alone validates nothing.
  const hasPseudoMasks = start.validationSet === undefined;
  if (hasPseudoMasks && isMissing('pseudo_masks.jpg')) {
    enqueue('pseudo_masks.jpg', async () => {
      const sheet = await drawPseudoMasks(evenlySpaced(start.trainSet.samples, SHOWN_SEGMENTED));
      await outputs.write('pseudo_masks.jpg', await encodeJpeg(sheet));
      await addPicture('pseudo_masks', 0, sheet);
    });
  }

  /** Sheets of views to come; pairs of views need not come in every step. */
  const viewSheets = [...Array(TRAIN_SHEETS).keys()].filter((number) => isMissing(`views_${number}.jpg`));
  const onViews = ({ epoch, step }: BatchEvent, inputs: ViewInputs, sampleIds: readonly string[]) => {
    const number = viewSheets.shift();
    if (number === undefined) return;
    const name = `views_${number}.jpg`;
    enqueue(name, async () => {
      const sheet = await drawViews(inputs, sampleIds, hasPseudoMasks ? [] : classes);
      await outputs.write(name, await encodeJpeg(sheet));
      await addPicture(`views/${number}`, (epoch - 1) * stepsPerEpoch + step, sheet);
    });
  };

  /** The first is shown whatever the epoch: it is not the first one, and a training may end long before its last. */
  let hasOpinion = !isMissing(TEACHER_FOLDER);
  const onOpinion = ({ epoch, step, pictures }: BatchEvent, batch: PairedBatch) => {
    if (step !== stepsPerEpoch || (hasOpinion && !isPictureDue(epoch, start.epochs))) return;
    hasOpinion = true;
    const opinion = {
      pseudoLabels: pictures.pseudoLabels as Uint8Array,
      predictions: pictures.predictions as Uint8Array,
    };
    const name = join(TEACHER_FOLDER, `epoch_${String(epoch).padStart(3, '0')}.jpg`);
    enqueue(name, async () => {
      const sheet = await drawTeacherSheet(batch, opinion, classes);
      await outputs.write(name, await encodeJpeg(sheet));
      await addPicture('teacher', (epoch - 1) * stepsPerEpoch + step, sheet);
    });
  };

  const onBatch = (event: BatchEvent) => {
    const { epoch, step, batch } = event;
    if (isViews(batch)) onViews(event, batch.inputs, batch.sampleIds);
    if (isPaired(batch)) onOpinion(event, batch);
    if (epoch !== 1 || step > TRAIN_SHEETS || !isLabeled(batch)) return;
    const name = `train_batch_${step - 1}.jpg`;
    enqueue(name, async () => {
      const sheet = await drawTrainBatch(batch, classes);
      await outputs.write(name, await encodeJpeg(sheet));
      await addPicture(`train_batch/${step - 1}`, step, sheet);
    });
  };

  const onStep = ({ epoch, step, loss, figures, learningRate }: StepEvent) => {
    lastStep = (epoch - 1) * stepsPerEpoch + step;
    events.scalars(lastStep, {
      'train/loss': loss,
      'train/learning_rate': learningRate,
      ...Object.fromEntries(Object.entries(figures).map(([name, value]) => [`train/${name}`, value])),
    });
    flushEvents();
  };

  const onPrediction = (event: PredictionEvent) => {
    if (shown.has(event.sample.id)) pictures.set(event.sample.id, reducePrediction(event));
  };

  const onEpoch = (event: EpochEvent) => {
    const { epoch, epochs, metrics, matrix, seconds } = event;
    events.scalars(lastStep, {
      'train/epoch_loss': event.loss,
      ...Object.fromEntries(Object.entries(event.figures).map(([name, value]) => [`epoch/${name}`, value])),
      'speed/images_per_second': event.imagesPerSecond,
      'speed/train_seconds': seconds.train,
      'speed/waiting_seconds': seconds.waiting,
      'speed/validation_seconds': seconds.validation,
    });
    if (metrics) {
      const { mDice, mIoU, mAcc, aAcc, perClass } = metrics;
      events.scalars(lastStep, {
        'validation/mDice': mDice,
        'validation/mIoU': mIoU,
        'validation/mAcc': mAcc,
        'validation/aAcc': aAcc,
        ...Object.fromEntries(perClass.map(({ dice }, index) => [`Dice/${names[index]}`, dice])),
        ...Object.fromEntries(perClass.map(({ iou }, index) => [`IoU/${names[index]}`, iou])),
      });
      const validated = { epoch, step: lastStep, mDice, matrix, pictures: [...pictures.values()] };
      if (event.best) best = validated;
      if (isPictureDue(epoch, epochs)) latest = validated;
    }
    flushEvents();
    pictures.clear();
    charts.request();
  };

  return {
    onEvent: (event) => {
      if (event.type === 'step') onStep(event);
      else if (event.type === 'batch') onBatch(event);
      else if (event.type === 'prediction') onPrediction(event);
      else if (event.type === 'epoch') onEpoch(event);
    },
    finish: () => {
      charts.flush();
      enqueue('the TensorBoard file', () => events.flush());
    },
  };
}

function isLabeled(batch: TrainBatch): batch is LabeledBatch {
  return batch.step === 'supervised' || batch.step === 'single';
}

function isPaired(batch: TrainBatch): batch is PairedBatch {
  return batch.step === 'semi';
}

function isViews(batch: TrainBatch): batch is DetconBatch {
  return batch.step === 'detcon' || batch.step === 'pair';
}

/** The first and the last epoch, and some between. */
function isPictureDue(epoch: number, epochs: number): boolean {
  const every = Math.ceil(epochs / TENSORBOARD_PICTURES);
  return epoch === 1 || epoch === epochs || epoch % every === 0;
}

function evenlySpaced<T>(items: readonly T[], count: number): T[] {
  const taken = Math.min(count, items.length);
  return Array.from({ length: taken }, (_, i) => items[Math.floor(((i + 0.5) * items.length) / taken)]!);
}

function encodeJpeg({ data, width, height }: RgbImage): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90, chromaSubsampling: '4:4:4' })
    .toBuffer();
}
