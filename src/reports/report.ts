/**
 * @file What a report is: something that follows a training and fills its run folder with what people and programs look at. A new
 * one is a file in `kinds` that exports a {@link CreateReport} as `entry`.
 */

import type { Outputs } from '../base/outputs/outputs.js';
import type { ClassInfo, Dataset, DatasetReport } from '../data/index.js';
import type { RgbImage } from '../drawing/overlay.js';
import type { ScoredPicture } from '../drawing/sheets/sheets.js';
import type { MethodPictures, ShownRun, ShownStep } from '../methods/pictures.js';
import type { StartEvent, TrainEvent } from '../runs/events.js';

/** Follows a training. None of its functions may take long or throw: work goes through {@link ReportDesk.enqueue}. */
export interface Report {
  /** All that the caller of the training is told as well, from `start` on. */
  readonly onEvent?: (event: TrainEvent) => void;
  /** A step with its pixels, after its event. */
  readonly onStep?: (step: ShownStep) => void;
  /** A validation image with its classes; by which average of the weights, undefined for the trained ones. */
  readonly onPrediction?: (epoch: number, image: ScoredPicture, average?: string) => void;
  /** A picture that any report has drawn. */
  readonly onPicture?: (picture: DrawnPicture) => void;
  /** The training has ended, however it did: enqueue what is left. */
  readonly finish?: () => void;
}

/** A picture, encoded. */
export interface DrawnPicture {
  /** What it shows, as TensorBoard lists it. */
  readonly name: string;
  /** Step to which it belongs, counted through all epochs from 1; 0 before the first. */
  readonly step: number;
  readonly width: number;
  readonly height: number;
  /** A JPEG file. */
  readonly file: Uint8Array;
}

/** The training that is followed. */
export interface ReportedRun {
  readonly start: StartEvent;
  readonly classes: readonly ClassInfo[];
  readonly trainSet: Dataset;
  /** Undefined for a training that does not segment. */
  readonly validationSet: Dataset | undefined;
  /** What was found in the data sets, by subset. */
  readonly found: ReadonlyMap<string, DatasetReport>;
  /** What the method shows of itself. */
  readonly pictures: ((run: ShownRun) => MethodPictures) | undefined;
  /** Steps that count when a run goes on: what a killed process has written beyond them is taken back. */
  readonly resumedStep: number | undefined;
}

/** Where reports get their work done: beside the training, one after the other, without ever stopping it. */
export interface ReportDesk {
  readonly outputs: Outputs;
  /** Does work when all before it is done; a failure is told once per kind of file. Never rejects. */
  readonly enqueue: (what: string, work: () => Promise<void>) => Promise<void>;
  /** Does work at once; otherwise as {@link enqueue}. */
  readonly attempt: (what: string, work: () => Promise<void>) => Promise<void>;
  /** Whether an output is not there yet: a run that was killed early may have left without its first pictures. */
  readonly isMissing: (file: string) => boolean;
  /** Shows a picture to all reports, and writes it into the run folder where it has a file. */
  readonly show: (
    picture: { readonly name: string; readonly step: number; readonly file?: string },
    image: RgbImage,
  ) => Promise<void>;
  /** In seconds. */
  readonly clock: () => number;
}

/** Makes a report of a training that is about to take its first step. */
export type CreateReport = (run: ReportedRun, desk: ReportDesk) => Report;
