/** @file What a format of data sets is: how it is recognised, which subsets it has, and what opening one gives. */
import type { ClassInfo, DeclaredReading, MaskCoding } from '../types.js';
import type { Folder } from './folder.js';
import type { ShapeList } from './shapes/shape.js';

/** The name of a subset where a format, or a folder, has none. */
export const WHOLE = '';

/** An image with its annotation, before any picture has been opened. */
export interface Item {
  /** Path of the image without extension, below the folder of the images, with forward slashes. */
  readonly id: string;
  readonly imagePath: string;
  /** The mask; with `shapes` the file that they come from. */
  readonly maskPath: string;
  readonly shapes?: ShapeList;
  /** Size of the image as the annotation gives it, which must be the true one. */
  readonly declared?: { readonly width: number; readonly height: number } | undefined;
}

/** What a format says of one subset. */
export interface OpenedItems {
  /** Folder of the subset. Default: that of the data set. */
  readonly root?: string;
  /** Index 0 is background. */
  readonly classes: readonly ClassInfo[];
  /** How masks are read; for shapes only what has to be done after drawing. */
  readonly coding: MaskCoding;
  readonly items: readonly Item[];
  /** One sentence for each file that has no or no single partner, or a part of which is wrong. */
  readonly problems: readonly string[];
  /** What a careful reader should know, one sentence each. */
  readonly notices: readonly string[];
  /** All ways to number the labels, of which the masks may decide; the first is `classes` and `coding`. Default: just that. */
  readonly readings?: readonly DeclaredReading[];
  /** A meta file in the Common layout that says what was concluded from the values alone. */
  readonly proposedMeta?: object;
}

/** One layout of data sets. */
export interface DatasetFormat {
  /** As the option names it. */
  readonly name: string;
  /** As people name it. */
  readonly title: string;
  /** What makes a folder one of this format, for the message where nothing fits. */
  readonly looksFor: string;
  /** Whether the folder itself is one, judged by content; opens no more than a few small files. */
  detect(folder: Folder): Promise<boolean>;
  /** Names of its subsets as the files give them, {@link WHOLE} alone where there are none. */
  subsets(folder: Folder): Promise<readonly string[]>;
  /** @throws OtxError `dataset` when a file as a whole is wrong. */
  open(folder: Folder, subset: string): Promise<OpenedItems>;
}
