/** @file A trained model that is ready to segment, wherever its weights come from. */

import { OtxError } from '../base/errors.js';
import type { NetworkPicture } from '../data/images/network-input.js';
import type { ClassInfo, DataReading, ImageReading, Size } from '../data/index.js';
import type { Classified } from './class-map.js';
import type { Tiling } from './tiles/tile.js';
import type { TrainedModelOptions } from './trained-model.js';

/** Which model to open, and how it computes. */
export interface ModelOptions extends TrainedModelOptions {
  /** Threads of the engine. Default: all that the process may use. */
  readonly threads?: number | undefined;
}

/** Which models to open, and how they look at an image. */
export interface CombinedOptions extends Omit<ModelOptions, 'weights'> {
  /**
   * A run folder, a checkpoint, a `.pth`, `.pt` or `.safetensors` file from elsewhere, or an exported `.onnx` or `.xml` file; or several of
   * these with the same classes, whose probabilities are averaged. Windows, threshold and colours are then those of the first.
   */
  readonly weights: string | readonly string[];
  /**
   * Test-time augmentation: the views of an image whose probabilities are averaged. `flip`: also mirrored, left to right;
   * `scales`: at 0.75, 1 and 1.25 times the network input (in steps of 32 pixels), which an exported file of one size cannot;
   * `flip,scales`: both, six views; `off`: as it is. Default `off`.
   */
  readonly tta?: string | undefined;
}

/** What must be known to make classes of what a network says. */
export interface Reading {
  /** Background first. */
  readonly classes: readonly ClassInfo[];
  /** Size of the network input in pixels. */
  readonly inputSize: Size;
  /** Pixels whose best class is less probable are background; undefined for none. */
  readonly threshold: number | undefined;
  /** How the data was read that it learned from, where that is known. */
  readonly data?: DataReading | undefined;
  /** In which windows large images are looked at. */
  readonly tiling: Tiling;
}

/**
 * The network and what is made of its answer.
 * @param picture of the image, at the size of the input.
 * @param size of the image.
 */
export type Classify = (picture: NetworkPicture, size: Size, probabilities?: boolean) => Promise<Classified>;

/** A trained model in evaluation mode. Holds threads or a process until it is let go. */
export interface OpenedModel extends Reading {
  /** Whether it knows how sure it is; a file that gives labels alone counts as sure of them. */
  readonly hasProbabilities: boolean;
  readonly classify: Classify;
  /** As many images at once are worth asking for. */
  readonly atOnce: number;
  dispose(): Promise<void>;
}

/** The model, with the bands that somebody asked for in place of those that it learned from. */
export function withBands(model: OpenedModel, bands: ImageReading['bands']): OpenedModel {
  if (!bands) return model;
  const { readings = [], imageReading } = model.data ?? {};
  return { ...model, data: { readings, imageReading: { ...imageReading, bands: [...bands] } } };
}

export function senseless(path: string, found: string): OtxError {
  return new OtxError(
    'numeric',
    `${path}: gives ${found} for an image; use an earlier checkpoint, or train again`,
  );
}
