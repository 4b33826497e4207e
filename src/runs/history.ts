/** @file `results.csv`: the figures of every epoch in a file that any program can plot. */

import { csvLine, sixDigits } from '../base/csv.js';
import type { Outputs } from '../base/outputs/outputs.js';
import { type FileKind, MOST_BYTES, readTextOf } from '../base/read-file.js';
import type { ClassInfo } from '../data/index.js';
import type { EpochEvent } from './events.js';

/** Name of the table in a run folder. */
export const RESULTS_FILE = 'results.csv';

/** The file, for those who read it. */
export const HISTORY_KIND: FileKind = {
  code: 'output',
  expected: 'the table of a training (results.csv)',
  maxBytes: MOST_BYTES.csv,
};

/** Columns of every training. */
export const COLUMNS: readonly string[] = [
  'epoch',
  'loss',
  'learning_rate',
  'mDice',
  'mIoU',
  'mAcc',
  'aAcc',
  'train_seconds',
  'waiting_seconds',
  'validation_seconds',
  'images_per_second',
];

/** The table of a run, in memory and as a file that is written anew with every epoch. */
export class History {
  private constructor(
    private readonly outputs: Outputs,
    private readonly path: string,
    private readonly figures: readonly string[],
    private readonly lines: string[],
  ) {}

  /**
   * Starts the file: fixed columns, then the figures of the method, then Dice and IoU of each class.
   *
   * @throws OtxError `output`
   */
  static async start(
    outputs: Outputs,
    path: string,
    classes: readonly ClassInfo[],
    figures: readonly string[] = [],
  ): Promise<History> {
    const perClass = ['Dice', 'IoU'].flatMap((score) => classes.map(({ name }) => `${score}.${name}`));
    const head = csvLine([...COLUMNS, ...figures, ...perClass]);
    const history = new History(outputs, path, figures, [head]);
    await history.write();
    return history;
  }

  /**
   * Goes on with the file and takes back the epochs after `epoch`, which a resumed training repeats. A file that is gone is
   * started anew.
   *
   * @throws OtxError `output` when the file cannot be read or written.
   */
  static async resume(
    outputs: Outputs,
    path: string,
    epoch: number,
    classes: readonly ClassInfo[],
    figures: readonly string[] = [],
  ): Promise<History> {
    if (!(await outputs.isThere(path))) return History.start(outputs, path, classes, figures);
    const lines = (await readTextOf(path, HISTORY_KIND)).split('\n').filter((line) => line !== '');
    const kept = lines.filter((line, index) => index === 0 || Number(line.split(',')[0]) <= epoch);
    const history = new History(outputs, path, figures, kept);
    await history.write();
    return history;
  }

  /**
   * Adds an epoch; what does not exist (a class without pixels, an epoch without validation) is empty.
   *
   * @throws OtxError `output`; what could not be written is written with the next epoch.
   */
  async add({
    epoch,
    loss,
    learningRate,
    metrics,
    seconds,
    imagesPerSecond,
    ...event
  }: EpochEvent): Promise<void> {
    const cells = [
      epoch,
      loss,
      learningRate,
      metrics?.mDice,
      metrics?.mIoU,
      metrics?.mAcc,
      metrics?.aAcc,
      seconds.train,
      seconds.waiting,
      seconds.validation,
      imagesPerSecond,
      ...this.figures.map((name) => event.figures[name]),
      ...(metrics?.perClass.map(({ dice }) => dice) ?? []),
      ...(metrics?.perClass.map(({ iou }) => iou) ?? []),
    ];
    this.lines.push(csvLine(cells.map(sixDigits)));
    await this.write();
  }

  private async write(): Promise<void> {
    await this.outputs.write(this.path, `${this.lines.join('\n')}\n`);
  }
}

/** Whether a file begins as such a table does. */
export async function isHistory(path: string): Promise<boolean> {
  const text = await readTextOf(path, HISTORY_KIND).catch(() => '');
  return text.startsWith(COLUMNS.join(','));
}

/** A validation of a run. */
export interface ScoredEpoch {
  /** From 1. */
  readonly epoch: number;
  /** Mean Dice as the table has it, with six digits. */
  readonly mDice: number;
}

/** The validations in the table of a run; none where there is no table. @throws OtxError `output` when it cannot be read */
export async function readScores(path: string): Promise<ScoredEpoch[]> {
  if (!(await isHistory(path))) return [];
  const lines = (await readTextOf(path, HISTORY_KIND)).trim().split('\n').slice(1);
  return lines.flatMap((line) => {
    const cells = line.split(',');
    const [epoch, mDice] = [cells[0], cells[COLUMNS.indexOf('mDice')]];
    return mDice === undefined || mDice === '' ? [] : [{ epoch: Number(epoch), mDice: Number(mDice) }];
  });
}
