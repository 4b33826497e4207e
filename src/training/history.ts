/** @file `results.csv`: the figures of every epoch in a file that any program can plot. */

import { writeFile } from 'node:fs/promises';
import { outputError, writeFileAtomic } from '../base/atomic.js';
import { type FileKind, MOST_BYTES, readTextOf } from '../base/read-file.js';
import type { ClassInfo } from '../data/index.js';
import type { EpochEvent } from './events.js';

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

/**
 * Starts the file: fixed columns, then the figures of the method, then Dice and IoU of each class.
 *
 * @throws OtxError `output`
 */
export async function startHistory(
  path: string,
  classes: readonly ClassInfo[],
  figures: readonly string[] = [],
): Promise<void> {
  const perClass = ['Dice', 'IoU'].flatMap((score) => classes.map(({ name }) => quote(`${score}.${name}`)));
  await write(path, 'w', [...COLUMNS, ...figures, ...perClass]);
}

/**
 * Takes back the epochs after `epoch`, which a resumed training repeats.
 *
 * @throws OtxError `output` when the file cannot be read or written.
 */
export async function truncateHistory(path: string, epoch: number): Promise<void> {
  const lines = (await readTextOf(path, HISTORY_KIND)).split('\n').filter((line) => line !== '');
  const kept = lines.filter((line, index) => index === 0 || Number(line.split(',')[0]) <= epoch);
  await writeFileAtomic(path, `${kept.join('\n')}\n`);
}

/**
 * Adds an epoch; what does not exist (a class without pixels, an epoch without validation) is empty.
 *
 * @param figureNames as {@link startHistory} was given them.
 */
export async function appendHistory(
  path: string,
  event: EpochEvent,
  figureNames: readonly string[] = [],
): Promise<void> {
  const { epoch, loss, learningRate, metrics, seconds, imagesPerSecond } = event;
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
    ...figureNames.map((name) => event.figures[name]),
    ...(metrics?.perClass.map(({ dice }) => dice) ?? []),
    ...(metrics?.perClass.map(({ iou }) => iou) ?? []),
  ];
  await write(path, 'a', cells.map(number));
}

async function write(path: string, flag: 'w' | 'a', cells: readonly string[]): Promise<void> {
  try {
    await writeFile(path, `${cells.join(',')}\n`, { flag });
  } catch (error) {
    throw outputError(path, error);
  }
}

function number(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '' : String(Number(value.toPrecision(6)));
}

function quote(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
