/** @file What a training in a browser tells as it goes on. */

import type { SegmentationMetrics } from '../runs/metrics.js';
import type { WebDevice } from '../web/runtime.js';

/** What happens in a training in a browser. */
export type WebTrainingEvent =
  /** What is being done before the first step. */
  | { readonly type: 'preparing'; readonly what: string }
  /** All is ready. */
  | {
      readonly type: 'start';
      readonly epochs: number;
      readonly stepsPerEpoch: number;
      /** Of WebAssembly. */
      readonly threads: number;
      /** What computes the steps; pictures to check with, and to look at, are computed by the processor. */
      readonly device: WebDevice;
      /** Why that one, in words. */
      readonly reason: string;
      /** Name of the graphics card that computes, as far as the browser tells it; undefined for the processor. */
      readonly card: string | undefined;
      /** Where a training goes on: epochs finished, and steps of the next one; undefined for one that begins. */
      readonly resumed: { readonly epoch: number; readonly step: number } | undefined;
    }
  /** Something that should be known. */
  | { readonly type: 'notice'; readonly message: string }
  /** A step of the optimiser; `epoch` and `step` from 1. */
  | {
      readonly type: 'step';
      readonly epoch: number;
      readonly step: number;
      readonly loss: number;
      readonly learningRate: number;
      /** Of the step, with its batch. */
      readonly milliseconds: number;
    }
  /** An epoch has ended and was validated, as every `validationInterval`th is; `last` is a checkpoint to go on from. */
  | {
      readonly type: 'epoch';
      readonly epoch: number;
      readonly loss: number;
      /** Of the validation pictures; undefined where there are none. */
      readonly metrics: SegmentationMetrics | undefined;
      /** Whether no epoch was better. */
      readonly best: boolean;
      readonly last: Uint8Array;
      /** Classes that the network gives to the pictures to look at. */
      readonly predictions: readonly WebPrediction[];
    };

/** What the network says of a picture. */
export interface WebPrediction {
  /** Of the picture. */
  readonly id: string;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** Class of each pixel, row by row from the top. */
  readonly labels: Uint8Array;
}
