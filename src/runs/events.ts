/**
 * @file What a running job tells its caller, as plain data: JSON keeps all of it, except that numbers which are not finite become
 * null. The command line draws its progress from these, `events.jsonl` keeps them, other programs may do anything.
 */

import type { ClassInfo, DatasetReport, SplitReport } from '../data/index.js';
import type { EngineKind, Precision } from '../engine/settings.js';
import type { SegmentationMetrics } from './metrics.js';
import type { RunConfig } from './run-config.js';
import type { StopReason } from './run-state.js';
import type { StartRecord } from './start.js';

/** Something worth telling a person that is not an error, e.g. that the batch was reduced. */
export interface NoticeEvent {
  readonly type: 'notice';
  /** A sentence for people. */
  readonly message: string;
}

/** Progress of a countable piece of work other than training steps. */
export interface ProgressEvent {
  readonly type: 'progress';
  /** What is being done, in one word. */
  readonly task:
    | 'check'
    | 'compare'
    | 'segment'
    | 'probe'
    | 'compile'
    | 'validate'
    | 'evaluate'
    | 'predict'
    | 'explain'
    | 'draw'
    | 'convert'
    | 'measure'
    | 'calibrate'
    | 'fine-tune';
  /** Items finished and in total. */
  readonly done: number;
  /** Items in total. */
  readonly total: number;
}

/** The folder of the results has its first files. */
export interface OutputEvent {
  readonly type: 'output';
  /** As the caller named it, or absolute. */
  readonly folder: string;
}

/** A published file is being downloaded. */
export interface DownloadEvent {
  readonly type: 'download';
  /** Name of the file. */
  readonly file: string;
  /** Bytes, those of an earlier attempt included. */
  readonly received: number;
  /** Bytes; undefined when the server does not tell. */
  readonly total: number | undefined;
}

/** The data sets have been checked, mask by mask. */
export interface DataEvent {
  readonly type: 'data';
  /** Which of the data sets of the job. */
  readonly subset: 'train' | 'validation' | 'test';
  /** What was found in it. */
  readonly report: DatasetReport;
}

/** The training data was divided, and both parts have been checked. */
export interface SplitEvent {
  readonly type: 'split';
  /** What each class has in both parts. */
  readonly report: SplitReport;
}

/** All is ready and the first step is about to run. */
export interface StartEvent {
  readonly type: 'start';
  /** Name of the template. */
  readonly template: string;
  /** Root of the run folder. */
  readonly output: string;
  /** All that was chosen, as in `config.yaml`. */
  readonly config: RunConfig;
  /** What its weights began with; undefined where a run of an earlier version goes on. */
  readonly startedFrom: StartRecord | undefined;
  /** How many images there are to learn from, and to validate on; undefined for a training that does not segment. */
  readonly images: { readonly train: number; readonly validation: number | undefined };
  /** Background first. */
  readonly classes: readonly ClassInfo[];
  /** Epochs planned. */
  readonly epochs: number;
  /** Optimiser steps of an epoch. */
  readonly stepsPerEpoch: number;
  /** Images of a step. */
  readonly batchSize: number;
  /** Batches that make one step, over all processes; 1 where it is not there. */
  readonly parts?: number;
  /** Sides of the square network inputs in pixels. */
  readonly sizes: { readonly train: number; readonly validation: number };
  /** Trainable parameters. */
  readonly parameters: number;
  /** What computes the steps, and why that. */
  readonly engine: {
    readonly kind: EngineKind;
    readonly reason: string;
    /** Of a graphics processor its name. */
    readonly device?: string | undefined;
    /** Of its memory, the bytes that the steps take at their peaks, as estimated. */
    readonly memory?: number | undefined;
    /** There where steps are computed in mixed precision. */
    readonly precision?: Precision | undefined;
  };
  /** Where a resumed run goes on: epochs finished, and steps of the next one; undefined for a new run. */
  readonly resumed: { readonly epoch: number; readonly step: number } | undefined;
}

/** One optimiser step has been made. */
export interface StepEvent {
  readonly type: 'step';
  /** Epoch and step within it, from 1. */
  readonly epoch: number;
  /** Epochs planned. */
  readonly epochs: number;
  /** Step within the epoch, from 1. */
  readonly step: number;
  /** Optimiser steps of an epoch. */
  readonly stepsPerEpoch: number;
  /** Of this step. */
  readonly loss: number;
  /** What else the method reports of a step, by name. */
  readonly figures: Readonly<Record<string, number>>;
  /** Of this step. */
  readonly learningRate: number;
  /** Over the epoch so far. */
  readonly imagesPerSecond: number;
  /** Estimated seconds until the last epoch ends; without validations during the first epoch. */
  readonly etaSeconds: number;
}

/** A picture of the training has been drawn into the run folder. */
export interface PictureEvent {
  readonly type: 'picture';
  /** What it shows, as TensorBoard lists it, e.g. `train_batch/0`. */
  readonly name: string;
  /** The file, relative to the run folder, with forward slashes. A later picture may replace it. */
  readonly file: string;
  /** Step to which it belongs, counted through all epochs from 1; 0 before the first. */
  readonly step: number;
}

/** An epoch, and its validation if it has one, are over. */
export interface EpochEvent {
  readonly type: 'epoch';
  /** From 1. */
  readonly epoch: number;
  /** Epochs planned; a time budget may change them. */
  readonly epochs: number;
  /** Optimiser steps made so far. */
  readonly updates: number;
  /** Mean loss of the epoch. */
  readonly loss: number;
  /** Means of what else the method reported of its steps, and scores of its other networks, by name. */
  readonly figures: Readonly<Record<string, number>>;
  /** Of the last step. */
  readonly learningRate: number;
  /**
   * Validation scores; undefined when this epoch was not validated (adaptive interval). Where averages of the weights are
   * validated as well, those of the best of them all.
   */
  readonly metrics: SegmentationMetrics | undefined;
  /** Name of the average of the weights whose scores these are, such as `ema`; undefined for the trained weights themselves. */
  readonly average: string | undefined;
  /** Pixels behind the metrics: of the true class of the row, how many were predicted as the class of the column. */
  readonly confusion: readonly (readonly number[])[] | undefined;
  /** True when these are the best weights so far; they have then been saved. */
  readonly best: boolean;
  /** Seconds of training, of that waiting for data, and of validation. */
  readonly seconds: { readonly train: number; readonly waiting: number; readonly validation: number };
  /** Of training, validation not counted. */
  readonly imagesPerSecond: number;
}

/** A checkpoint has been written. */
export interface CheckpointEvent {
  readonly type: 'checkpoint';
  /** The file. */
  readonly path: string;
  /** 'best': weights of the best epoch so far; 'last': the newest state, to go on with. */
  readonly kind: 'best' | 'last';
  /** Epochs finished, steps made in the one under way, and optimiser steps in all. */
  readonly epoch: number;
  /** Steps made in the epoch under way. */
  readonly step: number;
  /** Optimiser steps in all. */
  readonly updates: number;
}

/** The training is complete. Comes once, and not when it was interrupted. */
export interface EndEvent {
  readonly type: 'end';
  /** Why it ended: its epochs are done, the score no longer rose, or its time was up. */
  readonly reason: StopReason;
  /** Root of the run folder. */
  readonly output: string;
  /** Checkpoint of the best epoch. */
  readonly weights: string;
  /** From 1; 0 when no epoch was better than the weights that were given. */
  readonly bestEpoch: number;
  /** Undefined for a training without validation. */
  readonly metrics: SegmentationMetrics | undefined;
  /** Name of the average of the weights that was best, such as `ema`; undefined for the trained weights themselves. */
  readonly average: string | undefined;
  /** Whole time of the run, interruptions not counted. */
  readonly seconds: number;
}

/** Everything that {@link train} reports. */
export type TrainEvent =
  | NoticeEvent
  | ProgressEvent
  | OutputEvent
  | DownloadEvent
  | DataEvent
  | SplitEvent
  | StartEvent
  | StepEvent
  | PictureEvent
  | EpochEvent
  | CheckpointEvent
  | EndEvent;

/** Everything that evaluation, prediction and export report. */
export type JobEvent = NoticeEvent | ProgressEvent | OutputEvent | DataEvent;
