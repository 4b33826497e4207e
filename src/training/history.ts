/** @file `epochs.csv`: the figures of every epoch in a file that any program can plot. */

import { writeFile } from 'node:fs/promises';
import { outputError } from '../base/atomic.js';
import type { ClassInfo } from '../data/index.js';
import type { EpochEvent } from './events.js';

const COLUMNS = [
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

/** Starts the file: fixed columns, then the Dice of each class. @throws OtxError `output` */
export async function startHistory(path: string, classes: readonly ClassInfo[]): Promise<void> {
  const dice = classes.map(({ name }) => quote(`Dice.${name}`));
  await write(path, 'w', [...COLUMNS, ...dice]);
}

/** Adds an epoch; figures that do not exist (a class without pixels) are empty. */
export async function appendHistory(path: string, event: EpochEvent): Promise<void> {
  const { epoch, loss, learningRate, metrics, seconds, imagesPerSecond } = event;
  const figures = [
    epoch,
    loss,
    learningRate,
    metrics.mDice,
    metrics.mIoU,
    metrics.mAcc,
    metrics.aAcc,
    seconds.train,
    seconds.waiting,
    seconds.validation,
    imagesPerSecond,
    ...metrics.perClass.map(({ dice }) => dice),
  ];
  await write(path, 'a', figures.map(number));
}

async function write(path: string, flag: 'w' | 'a', cells: readonly string[]): Promise<void> {
  try {
    await writeFile(path, `${cells.join(',')}\n`, { flag });
  } catch (error) {
    throw outputError(path, error);
  }
}

function number(value: number): string {
  return Number.isNaN(value) ? '' : String(Number(value.toPrecision(6)));
}

function quote(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
