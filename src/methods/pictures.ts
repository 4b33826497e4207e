/** @file What a method shows of itself: pictures for the run folder, drawn later and beside the training. */

import type { ClassInfo, LabeledBatch, TrainBatch, ViewInputs } from '../data/index.js';
import type { RgbImage } from '../drawing/overlay.js';
import { drawTrainBatch } from '../drawing/sheets/sheets.js';
import { drawViews } from '../drawing/sheets/view-sheets.js';
import type { TensorData } from '../graph/index.js';

/** A picture that is wanted. */
export interface MethodPicture {
  /** Where it goes, relative to the run folder: a `.jpg` there or in one of {@link PICTURE_FOLDERS}. */
  readonly file: string;
  /** What it shows, as TensorBoard lists it. */
  readonly name: string;
  /** Called once, after the training has gone on: what it needs of a batch must be kept for it. */
  readonly draw: () => Promise<RgbImage>;
}

/** A step that has been made. */
export interface ShownStep {
  /** Epoch and step within it, from 1. */
  readonly epoch: number;
  /** Step within the epoch, from 1. */
  readonly step: number;
  /** What the network was given; not to be changed. */
  readonly batch: TrainBatch;
  /** Outputs of more than one value, by name; not to be changed. */
  readonly outputs: Readonly<Record<string, TensorData>>;
}

/** What pictures depend on besides the method. */
export interface ShownRun {
  /** Epochs planned. */
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** Whether a picture is not in the run folder yet; a resumed run has those of its beginning. */
  readonly isMissing: (file: string) => boolean;
}

/** The pictures of one run. */
export interface MethodPictures {
  /** Before the first step. Default: none. */
  readonly atStart?: () => readonly MethodPicture[];
  /** After a step; called for each. Default: none. */
  readonly ofStep?: (shown: ShownStep) => readonly MethodPicture[];
}

/** Folders in a run folder that hold nothing but pictures of methods. */
export const PICTURE_FOLDERS = ['teacher'] as const;

/** Batches and pairs of views that are shown. */
const SHEETS = 3;
/** Of what is shown of epochs, about this many pictures in a run. */
const EPOCH_PICTURES = 20;

/** The first and the last epoch, and some between. */
export function isPictureDue(epoch: number, epochs: number): boolean {
  const every = Math.ceil(epochs / EPOCH_PICTURES);
  return epoch === 1 || epoch === epochs || epoch % every === 0;
}

/** Some of the items, evenly spaced. */
export function evenlySpaced<T>(items: readonly T[], count: number): T[] {
  const taken = Math.min(count, items.length);
  return Array.from({ length: taken }, (_, i) => items[Math.floor(((i + 0.5) * items.length) / taken)]!);
}

/** `train_batch_0..2.jpg`: what the network was given in the first steps, where they are of that name. */
export function batchPictures(stepName: string, classes: readonly ClassInfo[]): MethodPictures {
  return {
    ofStep: ({ epoch, step, batch }) => {
      if (epoch !== 1 || step > SHEETS || batch.step !== stepName) return [];
      const { images, labels } = batch.inputs as LabeledBatch['inputs'];
      return [
        {
          file: `train_batch_${step - 1}.jpg`,
          name: `train_batch/${step - 1}`,
          draw: () => drawTrainBatch({ inputs: { images, labels }, sampleIds: batch.sampleIds }, classes),
        },
      ];
    },
  };
}

/** `views_0..2.jpg`: the first pairs of views, which need not come in every step. */
export function viewPictures(
  stepName: string,
  classes: readonly ClassInfo[],
  { isMissing }: ShownRun,
): MethodPictures {
  const left = Array.from({ length: SHEETS }, (_, number) => number).filter((number) =>
    isMissing(`views_${number}.jpg`),
  );
  return {
    ofStep: ({ batch }) => {
      const number = batch.step === stepName ? left.shift() : undefined;
      if (number === undefined) return [];
      const { images, regions } = batch.inputs as ViewInputs;
      return [
        {
          file: `views_${number}.jpg`,
          name: `views/${number}`,
          draw: () => drawViews({ images, regions }, batch.sampleIds, classes),
        },
      ];
    },
  };
}

/** The pictures of several sources. */
export function joinPictures(...sources: readonly MethodPictures[]): MethodPictures {
  return {
    atStart: () => sources.flatMap(({ atStart }) => atStart?.() ?? []),
    ofStep: (shown) => sources.flatMap(({ ofStep }) => ofStep?.(shown) ?? []),
  };
}
