/** @file What a format is in which a trained model can be written: one file each in this folder, listed in index.ts. */

import type { IsHalf } from '../../graph/onnx/stored-weights.js';
import type { FileForm } from '../../inference/file-form.js';
import type { TrainedModel } from '../../inference/trained-model.js';

/**
 * How weights are stored: 32 bits, 16 bits, or the weights of convolutions in 8 bits with a factor for each channel. What is computed is
 * computed in 32 bits all the same.
 */
export const PRECISIONS = ['fp32', 'fp16', 'int8-weights'] as const;
/** How the weights of an exported file are stored. */
export type Precision = (typeof PRECISIONS)[number];

/** How a model is written, whatever the format; each takes some of these. */
export interface FormatOptions {
  /** Images at once: one, or any number. */
  readonly batch: 'static' | 'dynamic';
  /** Version of the operators of ONNX. */
  readonly opset: number;
  /** How weights are stored. */
  readonly precision: Precision;
  /** Whether values are normalised before they are fed, or by the model itself. */
  readonly normalisation: FileForm['normalisation'];
  /** Order of the axes of the input. */
  readonly layout: FileForm['layout'];
  /** Order of the colours of the input. */
  readonly channels: FileForm['channels'];
  /** Probabilities of all classes, or the best class of each pixel. */
  readonly outputForm: FileForm['output'];
  /** Whether there is an output `feature_vector` besides: the means of all maps of the backbone. */
  readonly dumpFeatures: boolean;
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
  /** How it can store weights, the default first. */
  readonly precisions: readonly Precision[];
  /** Whether `evaluate`, `predict` and `createSegmenter` open its first file. */
  readonly readable: boolean;
  /** Names of its files; the first is the one that other programs are given. */
  readonly files: readonly [string, ...string[]];
  /** The bytes of each of its files. @param isHalf which weights have 16 bits where the precision is fp16 */
  encode(trained: TrainedModel, options: FormatOptions, isHalf?: IsHalf): ReadonlyMap<string, FileBytes>;
}
