/** @file All images of a studio: where each comes from, whether it is labeled, and what it is for. */

import {
  type ClassInfo,
  type ImageReading,
  type LabelMask,
  type MaskCoding,
  readLabels,
  type Sample,
} from '../../data-api.js';
import type { Subset } from './project.js';

/** One image. */
export interface Entry {
  /** Its place in the list, which stays as long as the studio runs. */
  readonly key: number;
  /** Path without ending, unique in the studio, with forward slashes. */
  readonly id: string;
  /** File of the picture. */
  readonly imagePath: string;
  readonly width: number;
  readonly height: number;
  readonly reading?: ImageReading | undefined;
  /** What the data says that it is for. */
  readonly given: Subset;
  /** Its annotation in the data; undefined where there is none. */
  readonly source?: Annotation | undefined;
  /** The mask that was drawn here; undefined where there is none. */
  own?: string | undefined;
  /** Changes with each saved mask, and with what masks look like. */
  revision: number;
  /** How often its labels were saved by somebody since the studio runs: who has opened an earlier edition has not seen the newest. */
  edition: number;
  /** Indices of the classes that it shows; undefined until its mask has been looked at. */
  shows?: readonly number[] | undefined;
}

/** How the labels of an image are read. */
export interface Annotation {
  readonly sample: Sample;
  readonly coding: MaskCoding;
  /** Index in the studio of each class of the data. */
  readonly indices: readonly number[];
}

/** What is needed to add an image. */
export type NewEntry = Omit<Entry, 'key' | 'revision' | 'edition'>;

/** Coding of masks that are written here, and of those that models propose: a value is the index of a class, 255 is ignored. */
export const OWN: MaskCoding = {
  values: Array.from({ length: 254 }, (_, index) => index),
  colors: [],
  colorsDeclared: false,
  useOtxAdapter: false,
  palettes: 'indices',
};

/** The images, in the order in which they were found. */
export class Catalog {
  readonly entries: Entry[] = [];
  private readonly byId = new Map<string, Entry>();
  /** Background first. */
  classes: readonly ClassInfo[] = [];

  /** @returns undefined where there is an image of that id already. */
  add(entry: NewEntry): Entry | undefined {
    if (this.byId.has(entry.id)) return undefined;
    const added: Entry = { ...entry, key: this.entries.length, revision: 0, edition: 0 };
    this.entries.push(added);
    this.byId.set(added.id, added);
    return added;
  }

  /** By its key. */
  get(key: number): Entry | undefined {
    return this.entries[key];
  }

  /** By its id. */
  find(id: string): Entry | undefined {
    return this.byId.get(id);
  }
}

/** Whether an image has labels. */
export const isLabeled = ({ own, source }: Entry): boolean => own !== undefined || source !== undefined;

/**
 * The labels of an image with the classes of the studio; all background where there are none.
 *
 * @throws OtxError `image` for a mask that cannot be read.
 */
export async function labelsOf(entry: Entry): Promise<LabelMask> {
  const { own, source, width, height } = entry;
  if (own !== undefined) return readLabels({ maskPath: own, width, height }, OWN);
  if (!source) return { data: new Uint8Array(width * height), width, height };
  const mask = await readLabels(source.sample, source.coding);
  const { indices } = source;
  if (indices.every((index, at) => index === at)) return mask;
  return { ...mask, data: mask.data.map((label) => indices[label] ?? label) };
}
