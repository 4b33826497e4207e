/** @file What a teacher says of some images, as pictures and numbers for a page. */

import {
  type ClassInfo,
  type DecodedImage,
  encodePicture,
  grayLevels,
  heatOverlay,
  IGNORE_INDEX,
  type RgbImage,
  renderOverlay,
  resizeMask,
  resizePicture,
  type Size,
} from '../../data-api.js';
import type { FilterNow, OpenedTeacher, TeacherLook } from '../../index.js';

const ALPHA = 0.5;
const HEAT = 0.7;
const QUALITY = 82;
/** Of a picture, in pixels. */
const LONGEST_SIDE = 320;
/** Of pixels that are not learned from. */
const DROPPED = { color: 24, weight: 0.8 } as const;

/** An image that was looked at. */
export interface SeenImage {
  readonly id: string;
  readonly image: DecodedImage;
  /** In the studio; undefined for an image that is not in it. */
  readonly key: number | undefined;
}

/** What the page shows. Pictures are data URLs. */
export interface TeacherFigures {
  readonly filter: FilterNow;
  readonly classes: readonly ClassInfo[];
  /** Entropy in nats from which on a pixel is dropped, or the threshold of each class; one where it is the same for all. */
  readonly limits: readonly number[];
  /** Least and greatest doubt, as of {@link TeacherLook.doubt}: what is dark and what is bright. */
  readonly range: readonly [number, number];
  /** Share of the pixels that are learned from. */
  readonly kept: number;
  /** Share of the pixels of which the student says the same as the teacher. */
  readonly agreement: number;
  /** By class of the teacher: its share of the pixels, how much of that is kept, and of how much the student says the same. */
  readonly perClass: readonly { readonly share: number; readonly kept: number; readonly agreement: number }[];
  readonly shown: readonly {
    readonly id: string;
    readonly key: number | undefined;
    readonly kept: number;
    readonly pictures: {
      readonly image: string;
      readonly teacher: string;
      readonly pseudoLabels: string;
      readonly doubt: string;
      readonly student: string;
    };
  }[];
}

/** All of it. */
export async function teacherFigures(
  { classes, side, filter }: OpenedTeacher,
  seen: readonly SeenImage[],
  look: TeacherLook,
): Promise<TeacherFigures> {
  const area = side * side;
  const part = <T extends Uint8Array | Float32Array>(map: T, at: number) =>
    map.subarray(at * area, (at + 1) * area) as T;
  const range = rangeOf(look.doubt);
  const shown = [];
  for (const [at, { id, image, key }] of seen.entries()) {
    const maps = {
      ...{ teacher: part(look.teacher, at), pseudoLabels: part(look.pseudoLabels, at) },
      ...{ student: part(look.student, at), doubt: part(look.doubt, at) },
    };
    shown.push({
      id,
      key,
      kept: keptIn(maps.pseudoLabels),
      pictures: await picturesOf(image, maps, { side, classes, range }),
    });
  }
  const agrees = look.teacher.reduce((sum, label, at) => sum + (label === look.student[at] ? 1 : 0), 0);
  return {
    ...{ filter, classes, shown, range, limits: [...look.limits] },
    kept: keptIn(look.pseudoLabels),
    agreement: agrees / look.teacher.length,
    perClass: classes.map((_, index) => ofClass(index, look)),
  };
}

function rangeOf(values: Float32Array): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

const keptIn = (labels: Uint8Array): number =>
  labels.reduce((sum, label) => sum + (label === IGNORE_INDEX ? 0 : 1), 0) / labels.length;

function ofClass(index: number, { teacher, pseudoLabels, student }: TeacherLook) {
  let [all, kept, same] = [0, 0, 0];
  for (let at = 0; at < teacher.length; at++) {
    if (teacher[at] !== index) continue;
    all += 1;
    if (pseudoLabels[at] === index) kept += 1;
    if (student[at] === index) same += 1;
  }
  return { share: all / teacher.length, kept: kept / Math.max(all, 1), agreement: same / Math.max(all, 1) };
}

async function picturesOf(
  image: DecodedImage,
  { teacher, pseudoLabels, student, doubt }: Omit<TeacherLook, 'limits'>,
  {
    side,
    classes,
    range: [low, high],
  }: Pick<TeacherFigures, 'classes' | 'range'> & { readonly side: number },
) {
  const to = shownSize(image);
  const from = { width: side, height: side };
  const photograph = await resizePicture(image, to);
  const painted = (mask: Uint8Array): RgbImage => ({
    ...to,
    data: renderOverlay(photograph, resizeMask(mask, from, to), classes, ALPHA),
  });
  // A teacher at its beginning is unsure of everything: what differs counts.
  const stretched = doubt.map((value) => (value - low) / Math.max(high - low, 1e-6));
  const levels = resizeMask(grayLevels(stretched), from, to);
  return {
    image: await urlOf(photograph),
    teacher: await urlOf(painted(teacher)),
    pseudoLabels: await urlOf(darkened(painted(pseudoLabels), resizeMask(pseudoLabels, from, to))),
    doubt: await urlOf(heatOverlay(photograph, levels, HEAT)),
    student: await urlOf(painted(student)),
  };
}

/** Pixels that are not learned from are dark, so that they are not taken for the background. */
function darkened({ data, ...size }: RgbImage & Size, labels: Uint8Array): RgbImage {
  const { color, weight } = DROPPED;
  const out = data.map((value, at) =>
    labels[Math.floor(at / 3)] === IGNORE_INDEX ? Math.round(value + (color - value) * weight) : value,
  );
  return { ...size, data: out };
}

async function urlOf(picture: RgbImage): Promise<string> {
  const bytes = await encodePicture(picture, { format: 'webp', quality: QUALITY });
  return `data:image/webp;base64,${Buffer.from(bytes).toString('base64')}`;
}

/** Reduced to what is seen side by side; tiny pictures are enlarged by a whole number. */
function shownSize({ width, height }: Size): Size {
  const scale = LONGEST_SIDE / Math.max(width, height);
  const factor = scale >= 2 ? Math.floor(scale) : Math.min(scale, 1);
  return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) };
}
