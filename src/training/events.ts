/** @file What a running job tells its caller; the command line draws its progress from these, other programs may do anything. */

import type { DatasetReport } from '../data/index.js';
import type { SegmentationMetrics } from './metrics.js';

/** Something worth telling a person that is not an error, e.g. that the batch was reduced. */
export interface NoticeEvent {
  readonly type: 'notice';
  readonly message: string;
}

/** Progress of a countable piece of work other than training steps. */
export interface ProgressEvent {
  readonly type: 'progress';
  readonly task: 'check' | 'validate' | 'evaluate' | 'predict';
  /** Items finished and in total. */
  readonly done: number;
  readonly total: number;
}

/** The data sets have been checked, mask by mask. */
export interface DataEvent {
  readonly type: 'data';
  readonly subset: 'train' | 'validation' | 'test';
  readonly report: DatasetReport;
}

/** All is ready and the first step is about to run. */
export interface StartEvent {
  readonly type: 'start';
  readonly template: string;
  readonly output: string;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly batchSize: number;
  /** Sides of the square network inputs in pixels. */
  readonly sizes: { readonly train: number; readonly validation: number };
  /** Trainable parameters. */
  readonly parameters: number;
}

/** One optimiser step has been made. */
export interface StepEvent {
  readonly type: 'step';
  /** Epoch and step within it, from 1. */
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly loss: number;
  readonly learningRate: number;
  /** Over the epoch so far. */
  readonly imagesPerSecond: number;
  /** Estimated seconds until the last epoch ends; without validations during the first epoch. */
  readonly etaSeconds: number;
}

/** An epoch and its validation are over. */
export interface EpochEvent {
  readonly type: 'epoch';
  readonly epoch: number;
  readonly epochs: number;
  /** Mean loss of the epoch. */
  readonly loss: number;
  readonly learningRate: number;
  readonly metrics: SegmentationMetrics;
  /** True when these are the best weights so far; they have then been saved. */
  readonly best: boolean;
  /** Seconds of training, of that waiting for data, and of validation. */
  readonly seconds: { readonly train: number; readonly waiting: number; readonly validation: number };
  readonly imagesPerSecond: number;
}

/** Everything that {@link train} reports. */
export type TrainEvent = NoticeEvent | ProgressEvent | DataEvent | StartEvent | StepEvent | EpochEvent;

/** Everything that evaluation, prediction and export report. */
export type JobEvent = NoticeEvent | ProgressEvent | DataEvent;
