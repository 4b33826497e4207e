/** @file The vocabulary of the data layer: what a data set, one of its samples and a decoded picture are. */
import type { FormulaPicture } from '../synthesis/formula/picture.js';
import type { ShapeList } from './formats/shapes/shape.js';
import type { Rgb } from './masks/color-vision.js';
import type { ReadingName } from './readings/names.js';

export { IGNORE_INDEX } from '../base/ignore-index.js';

/** Name of the class of all that is nothing else. Pictures leave it unpainted. */
export const BACKGROUND = 'background';

/** One class; its position in {@link Dataset.classes} is its index in labels and logits. */
export interface ClassInfo {
  /** As in the meta file. */
  readonly name: string;
  /** Red, green and blue, 0 to 255 each. */
  readonly color: Rgb;
}

/** One photograph with its annotation, which {@link readLabels} reads. Sizes are in pixels after EXIF orientation. */
export interface Sample {
  /** Path of the image without extension, below the folder of the images, with forward slashes. */
  readonly id: string;
  /** File of the photograph. */
  readonly imagePath: string;
  /** The mask; with `shapes` the file that they come from. */
  readonly maskPath: string;
  /** What was drawn, where the annotation is no picture. */
  readonly shapes?: ShapeList | undefined;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** How the image is read. Default: as a photograph. */
  readonly reading?: ImageReading | undefined;
  /** Image and mask where they are in memory, which all threads can read; the paths are then only their names. */
  readonly pixels?: Pick<LabeledImage, 'image' | 'mask'> | undefined;
  /** How image and mask are drawn, where there is neither file nor memory; the paths are then only their names. */
  readonly drawn?: FormulaPicture | undefined;
  /** EXIF orientation by which the mask is turned, where it was drawn on the stored pixels of its image. Default: not. */
  readonly maskTurn?: number | undefined;
}

/** How the samples of images become 8-bit RGB: the same for all images of a data set. */
export interface ImageReading {
  /** Bands that are red, green and blue, from 1; a single one is shown as gray. Default: as the format says. */
  readonly bands?: readonly number[] | undefined;
  /** Samples that become 0 and 255, of images whose samples are not of 8 bits. */
  readonly range?: readonly [low: number, high: number] | undefined;
}

/** How the values of a mask file map to class indices; plain data, so that it can be sent to worker threads. */
export interface MaskCoding {
  /**
   * Class index by value of an index mask, {@link IGNORE_INDEX} for pixels to ignore, 254 for a value without a class.
   * The value 255 is ignored unless it is here.
   */
  readonly values: readonly number[];
  /** Class index of each colour of a colour mask. */
  readonly colors: readonly { readonly color: Rgb; readonly classIndex: number }[];
  /** Whether the colours come from the data set's own meta file rather than from the default palette. */
  readonly colorsDeclared: boolean;
  /** Whether masks go through polygons, as in the reference's default; see otx-adapter/redraw.ts. */
  readonly useOtxAdapter: boolean;
  /** What palettes of PNGs hold: colours, greys that are values, or indices that are. Default: each file by its palette. */
  readonly palettes?: 'colours' | 'greys' | 'indices';
  /** What RGB files hold: colours, or greys that are values. Default colours. */
  readonly rgb?: 'colours' | 'greys';
  /**
   * What a grey sample is whose colour is declared: the number of a class, or the colour. Default: a number where a class
   * has it, otherwise the colour.
   */
  readonly greys?: 'values' | 'colours';
  /** How samples of less than 8 bits are read: as stored, or stretched to 0..255 as for viewing. Default as stored. */
  readonly lowDepth?: 'stored' | 'stretched';
  /** Class index, or {@link IGNORE_INDEX}, of the largest sample of 8 and 16 bits, before all else that is said of it. */
  readonly white?: number;
  /** Where the class is: `class` means that opaque pixels are of class 1 and all others background. Default dropped. */
  readonly alpha?: 'dropped' | 'class';
  /**
   * Whether a pixel of a colour that no class has is of the class whose colour is nearest, or ignored where none is near; see
   * masks/nearest.ts. Files compressed with loss are then read as well. Default false.
   */
  readonly nearest?: boolean;
  /** What each class index becomes at the very end; see match-classes.ts. Default: they stay. */
  readonly renumbered?: readonly number[];
}

/** One way to number the labels of a meta file. */
export interface DeclaredReading {
  /** Undefined where there is no other. */
  readonly name: ReadingName | undefined;
  /** Whether it contradicts the file, so that somebody has to ask for it. */
  readonly onlyAssumed: boolean;
  readonly classes: readonly ClassInfo[];
  readonly coding: MaskCoding;
  readonly notices: readonly string[];
  /** A meta file in the Common layout that would say so, where the data has none. */
  readonly proposedMeta?: object;
}

/** What is not known of a data set before its masks have been looked at. */
export interface OpenReadings {
  readonly declared: readonly DeclaredReading[];
  /** What somebody asked for. */
  readonly assumed: readonly ReadingName[];
}

/** An opened data set: headers have been read, pixels have not. */
export interface Dataset {
  /** The folder that was opened. */
  readonly root: string;
  /** Index 0 is always background. */
  readonly classes: readonly ClassInfo[];
  /** Sorted by id, so that equal folders give equal runs on every file system. */
  readonly samples: readonly Sample[];
  /** What the values of its masks mean, for {@link readLabels}. */
  readonly decodeMask: MaskCoding;
  /** What the masks are to decide; undefined where nothing is open. `decodeMask` is the likeliest reading until then. */
  readonly open?: OpenReadings | undefined;
  /** Readings that were decided, for data that belongs to this. */
  readonly readings?: readonly ReadingName[];
  /** How all of its images are read, as each sample has it. Default: as photographs. */
  readonly imageReading?: ImageReading | undefined;
  /** What a careful reader of the meta file should know, one sentence each. */
  readonly notices: readonly string[];
  /** A meta file in the Common layout that would say what was concluded, where the data has none. */
  readonly proposedMeta?: object;
}

/** A photograph without a mask. Sizes are in pixels after EXIF orientation. */
export interface UnlabeledImage {
  /** Path below the root, with forward slashes. */
  readonly id: string;
  /** Its file. */
  readonly imagePath: string;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
}

/** Images without masks: headers have been read, pixels have not. */
export interface UnlabeledImages {
  /** The folder that was opened. */
  readonly root: string;
  /** Sorted by id, so that equal folders give equal runs on every file system; at least one. */
  readonly images: readonly UnlabeledImage[];
  /** How they are read. Default: as photographs. */
  readonly reading?: ImageReading | undefined;
}

/** 8-bit picture: `data` is HWC RGB. */
export interface DecodedImage {
  /** Row-major [height, width, 3]. */
  readonly data: Uint8Array;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** A defect of the file that could be decoded around. */
  readonly warning?: string;
}

/** Class index per pixel (HW), {@link IGNORE_INDEX} where there is none. */
export interface LabelMask {
  /** Row-major [height, width]. */
  readonly data: Uint8Array;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
}

/** An image with its mask, both `width` x `height`: what transforms take and give. */
export interface LabeledImage {
  /** HWC RGB. */
  readonly image: Uint8Array;
  /** HW class indices. */
  readonly mask: Uint8Array;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
}
