/** @file What can be wrong with a data set, in one list: each kind with its name and what a person can do about it. */

import type { Sample } from '../../data/index.js';
import type { SampleMeasures } from '../../data/measures/measure-sample.js';

/** A labelled image of one of the subsets, with what was measured of it. */
export interface ExaminedImage {
  /** Name of its subset; empty for a data set without any. */
  readonly subset: string;
  readonly sample: Sample;
  readonly measures: SampleMeasures;
}

/** What a kind is called, above what was found of it, and what to do. */
interface Kind {
  readonly title: string;
  readonly remedy: string;
  /** How its pictures show the images. */
  readonly shows: 'photograph' | 'labels' | 'nothing';
}

/** By their weight: what spoils a training or its scores comes first. */
export const KINDS = {
  unusable: {
    title: 'Files that cannot be used',
    remedy: 'mend, replace or remove them: a training refuses them',
    shows: 'nothing',
  },
  leak: {
    title: 'Images to validate on that are learned from as well',
    remedy: 'keep them in one of the two subsets: scores are too good otherwise',
    shows: 'photograph',
  },
  contradiction: {
    title: 'Copies of one image with different labels',
    remedy: 'keep the copy with the right labels',
    shows: 'labels',
  },
  'same-labels': {
    title: 'Different images with the same labels',
    remedy: 'one of them has the labels of another image: look for its own, or label it again',
    shows: 'labels',
  },
  exchanged: {
    title: 'Labels that fit another image',
    remedy: 'look whether their files have been exchanged or numbered from another start',
    shows: 'labels',
  },
  shifted: {
    title: 'Labels that lie beside their objects',
    remedy: 'look whether the image was cropped or padded after it was labeled, and label it again where not',
    shows: 'labels',
  },
  turned: {
    title: 'Labels that are mirrored or turned against their image',
    remedy: 'turn the labels, or the image, back',
    shows: 'labels',
  },
  astray: {
    title: 'Labels that have nothing to do with the edges of their image, as those of all others have',
    remedy: 'look whether they belong to another image',
    shows: 'labels',
  },
  unlabeled: {
    title: 'Images without any label',
    remedy: 'label them or remove them; where there is really nothing in the picture, all is well',
    shows: 'labels',
  },
  flooded: {
    title: 'Images that are wholly of one class',
    remedy: 'look whether an outline was left open when it was filled',
    shows: 'labels',
  },
  ignored: {
    title: 'Images of which nearly all is ignored',
    remedy: 'label them, or remove them: nothing is learned from them',
    shows: 'labels',
  },
  specks: {
    title: 'Labels with specks of a few pixels',
    remedy: 'remove the specks: slips of a brush or of a click',
    shows: 'labels',
  },
  blended: {
    title: 'Labels with a thin line of another class along their borders',
    remedy: 'the masks were resized or saved with interpolation: make them again with nearest neighbour',
    shows: 'labels',
  },
  duplicate: {
    title: 'Images that are there several times',
    remedy: 'keep one of each: the others only weigh it more',
    shows: 'photograph',
  },
  uniform: {
    title: 'Images that show nothing',
    remedy: 'replace or remove them: they are of one colour',
    shows: 'photograph',
  },
  blurred: {
    title: 'Images that are blurred, unlike the others',
    remedy: 'replace or remove them, unless such images will have to be segmented',
    shows: 'photograph',
  },
  gray: {
    title: 'Images without colours, unlike the others',
    remedy: 'take care that images to be segmented later have colours or not as those to learn from',
    shows: 'photograph',
  },
  size: {
    title: 'Images of an odd size',
    remedy: 'all images are resized to one shape: crop these, or look at all in windows (--tile)',
    shows: 'photograph',
  },
  damaged: {
    title: 'Files with a defect that was decoded around',
    remedy: 'save them again from their source',
    shows: 'nothing',
  },
  'never-labeled': {
    title: 'Classes that cannot be learned',
    remedy: 'label some images with them, or take them out of the list of classes',
    shows: 'nothing',
  },
  'not-validated': {
    title: 'Classes that no image to validate on shows',
    remedy: 'move some images that show them, or divide again (--val-share)',
    shows: 'nothing',
  },
  'one-image': {
    title: 'Classes that a single image shows',
    remedy: 'label more images with them: what is seen once is learned by heart',
    shows: 'labels',
  },
  rare: {
    title: 'Classes with very few pixels',
    remedy: '--class-weights auto, --rare-crops 0.5 and more images that show them (docs/rare-classes.md)',
    shows: 'nothing',
  },
} as const satisfies Readonly<Record<string, Kind>>;

/** Name of a kind of finding. */
export type FindingKind = keyof typeof KINDS;

/** One thing that is wrong or odd. */
export interface Found {
  readonly kind: FindingKind;
  /** What was found, in words that follow the names of the images. */
  readonly message: string;
  /** The images it is about, that to look at first first; of findings about files or classes none. */
  readonly images: readonly ExaminedImage[];
}

/** What is looked at for findings. */
export interface Examined {
  readonly images: readonly ExaminedImage[];
  readonly classes: readonly { readonly name: string }[];
  /** The subset to learn from; scores are computed on all others. */
  readonly learned: string;
}
