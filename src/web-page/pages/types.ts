/** @file What the page knows of pictures and trainings. */

import type { LossName } from '../../losses/index.js';
import type { TrainingData } from '../../web-training/dataset.js';
import type { WebPrediction } from '../../web-training/events.js';
import type { WebCheckpoint } from '../../web-training/resume.js';
import type { WebTemplateName } from '../../web-training/templates.js';
import type { WebTrainOptions, WebTrainResult } from '../../web-training/train.js';

/** What a picture is for. */
export type Use = 'train' | 'val';

/** A picture of the tab. */
export interface PagePicture {
  readonly key: number;
  /** Its path without extension, unlike those of all others for the same use. */
  readonly id: string;
  /** Of its file, with the dot. */
  readonly extension: string;
  readonly width: number;
  readonly height: number;
  /** Its file. */
  readonly image: Blob;
  /** Small, for lists. */
  readonly thumbnail: HTMLCanvasElement;
  /** Class of each pixel as drawn here, or the file of a data set; undefined as long as nobody has said anything. */
  readonly mask: Uint8Array | Blob | undefined;
  readonly use: Use;
  /** Changes with the mask. */
  readonly revision: number;
}

/** What is chosen for a training. */
export interface PageSettings {
  readonly template: WebTemplateName;
  /** Of the optimiser. */
  readonly steps: number;
  readonly batchSize: number;
  /** Side of the square network input in pixels. */
  readonly inputSize: number;
  readonly loss: LossName;
  /** Default: that of the template. */
  readonly learningRate: number | undefined;
  /** What computes the steps, of a training that goes on too. */
  readonly device: PageDevice;
}

/** What may compute. */
export type PageDevice = NonNullable<WebTrainOptions['device']>;

/** A training to go on with. */
export interface PageCheckpoint {
  readonly file: WebCheckpoint;
  readonly template: WebTemplateName;
  /** Done, of as many. */
  readonly epoch: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Side of the square network input in pixels. */
  readonly inputSize: number;
}

/** A training with all that it has said. */
export interface Run {
  readonly state: 'running' | 'paused' | 'stopping' | 'done' | 'failed';
  /** What is being done, or how it ended. */
  readonly what: string;
  readonly losses: readonly (readonly [step: number, loss: number])[];
  readonly dice: readonly (readonly [step: number, dice: number])[];
  readonly predictions: readonly WebPrediction[];
  /** Done, of as many. */
  readonly step: number;
  readonly steps: number;
  /** Of a step, the mean of the newest ones; undefined before the first. */
  readonly milliseconds: number | undefined;
  /** Those that it learns from and is checked with. */
  readonly pictures: readonly PagePicture[];
  readonly classes: TrainingData['classes'];
  readonly coding: TrainingData['coding'];
  readonly template: WebTemplateName;
  readonly epochs: number;
  /** Name of the graphics card that computes; undefined for the processor. */
  readonly card: string | undefined;
  readonly result: WebTrainResult | undefined;
  /** Whether its files were given to be saved. */
  readonly isSaved: boolean;
  /** All that a training goes on with, of the newest checkpoint. */
  readonly last: Uint8Array | undefined;
}
