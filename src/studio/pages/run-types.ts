/** @file What the server says of runs. */

import type { ClassInfo } from './api.js';

/** A run in the list. */
export interface RunRow {
  readonly name: string;
  readonly template?: string;
  readonly epochs: number;
  readonly planned?: number;
  readonly best: number;
  readonly isEnded: boolean;
  readonly isRunning: boolean;
  readonly hasWeights: boolean;
}

/** A run as far as it has come. */
export interface RunView {
  readonly name: string;
  readonly start?: {
    readonly template: string;
    readonly classes: readonly ClassInfo[];
    readonly epochs: number;
    readonly stepsPerEpoch: number;
    readonly batchSize: number;
    readonly images: { readonly train: number; readonly validation?: number };
    readonly config: Readonly<Record<string, unknown>>;
  };
  readonly steps: readonly (readonly [number, number])[];
  readonly epochs: readonly {
    readonly epoch: number;
    readonly epochs: number;
    readonly updates: number;
    readonly loss: number;
    readonly figures: Readonly<Record<string, number>>;
    readonly learningRate: number;
    readonly best: boolean;
    readonly imagesPerSecond: number;
    readonly metrics?: {
      readonly mDice: number;
      readonly mIoU: number;
      readonly perClass: readonly { readonly dice: number | null }[];
    };
  }[];
  readonly pictures: readonly { readonly name: string; readonly file: string; readonly step: number }[];
  readonly notices: readonly string[];
  readonly now?: {
    readonly epoch: number;
    readonly imagesPerSecond: number;
    readonly etaSeconds: number;
    readonly step: number;
  };
  readonly end?: { readonly reason: string; readonly bestEpoch: number };
}
