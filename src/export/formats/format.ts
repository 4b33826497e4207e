/** @file What a format is in which a trained model can be written: one file each in this folder, listed in index.ts. */

import type { TrainedModel } from '../../inference/trained-model.js';

/** How a model is written, whatever the format; each takes some of these. */
export interface FormatOptions {
  /** Images at once: one, or any number. */
  readonly batch: 'static' | 'dynamic';
}

/** Bytes of a file, in one piece or several. */
export type FileBytes = Uint8Array | readonly Uint8Array[];

/** A format. */
export interface ExportFormat {
  /** What `type` calls it. */
  readonly name: string;
  /** A few words for help: "an ONNX file". */
  readonly description: string;
  /** Options that it takes besides the weights; others are refused. */
  readonly takes: readonly (keyof FormatOptions | 'inputSize')[];
  /** Images at once where nothing is asked for. */
  readonly defaultBatch: FormatOptions['batch'];
  /** Whether `evaluate`, `predict` and `createSegmenter` open its first file. */
  readonly readable: boolean;
  /** Names of its files; the first is the one that other programs are given. */
  readonly files: readonly [string, ...string[]];
  /** The bytes of each of its files. */
  encode(trained: TrainedModel, options: FormatOptions): ReadonlyMap<string, FileBytes>;
}
