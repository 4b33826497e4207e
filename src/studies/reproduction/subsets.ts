/**
 * @file The subsets that the tables are of, by rules: the documentation tells their sizes and classes, and of no image whether it is
 * in one.
 */

import { Random } from '../../base/random.js';
import type { SourceImage, SourceName } from './copies.js';

/** How many images are for what. */
export interface Sizes {
  /** To learn from. */
  readonly labeled: number;
  /** To learn from without their labels. */
  readonly unlabeled: number;
  /** To validate on. */
  readonly validation: number;
}

/** How a subset comes of a data set. */
export interface SubsetRule {
  readonly source: SourceName;
  /** Classes with those of the data set that they are made of, all others being background. Default: as they are. */
  readonly classes?: Readonly<Record<string, readonly string[]>>;
  /** How many images it has, by how many the data set has to learn from that show one of the classes. */
  readonly sizes: (all: number) => Sizes;
  /** Name of the rule whose order of images is taken, so that the one with fewer images is part of the other. Default: its own. */
  readonly order?: string;
}

const EVERYTHING = Number.POSITIVE_INFINITY;

/** A sixteenth has labels, rounded up as in the published protocol: 92 of 1464, 186 of 2975. */
function sixteenth(all: number): Sizes {
  const labeled = Math.ceil(all / 16);
  return { labeled, unlabeled: all - labeled, validation: EVERYTHING };
}

/** Of a copy with fewer images than published each part is smaller by the same factor. */
const published =
  (labeled: number, unlabeled: number, validation: number) =>
  (all: number): Sizes => {
    const scale = Math.min(1, all / (labeled + unlabeled));
    return { labeled: Math.ceil(labeled * scale), unlabeled: Math.floor(unlabeled * scale), validation };
  };

/** KITTI has labels for one part alone, in which are the images to validate on; those without labels are of its other part. */
const ofKitti = (all: number): Sizes => {
  const scale = Math.min(1, all / (54 + 50));
  return { labeled: Math.ceil(54 * scale), unlabeled: 200, validation: Math.floor(50 * scale) };
};

const THREE = { person: ['person'], car: ['car'], bicycle: ['bicycle'] };
const few = (count: number): SubsetRule => ({
  source: 'VOC',
  classes: THREE,
  sizes: () => ({ labeled: count, unlabeled: 0, validation: EVERYTHING }),
  order: 'VOC_3',
});

/** By name, which is that of a folder as well. */
export const SUBSETS = {
  DIS5K: {
    source: 'DIS5K',
    sizes: (all: number) => ({ labeled: all, unlabeled: 0, validation: EVERYTHING }),
  },
  'Cityscapes-16th': { source: 'Cityscapes', sizes: sixteenth },
  'VOC-16th': { source: 'VOC', sizes: sixteenth },
  'DIS5K-4th': { source: 'DIS5K', sizes: published(242, 728, 281) },
  VOC_12: {
    source: 'VOC',
    classes: { person: ['person'], car: ['car'] },
    sizes: published(12, 500, 150),
  },
  KITTI_54: {
    source: 'KITTI',
    classes: {
      vehicle: ['car', 'truck', 'bus', 'train', 'motorcycle', 'bicycle'],
      human: ['person', 'rider'],
      construction: ['building', 'wall', 'fence'],
    },
    sizes: ofKitti,
  },
  City_4: {
    source: 'Cityscapes',
    classes: { fence: ['fence'], vegetation: ['vegetation'], car: ['car'], truck: ['truck'] },
    sizes: published(53, 800, 500),
  },
  VOC_8: few(8),
  VOC_16: few(16),
  VOC_24: few(24),
  /** All images that show one of the classes, to learn from without any labels. */
  VOC_3: {
    source: 'VOC',
    classes: THREE,
    sizes: (all: number) => ({ labeled: 0, unlabeled: all, validation: 0 }),
  },
} as const satisfies Readonly<Record<string, SubsetRule>>;

/** Name of a subset. */
export type SubsetName = keyof typeof SUBSETS;

/** An image and which classes it shows, by their indices. */
export interface ShownImage {
  readonly image: SourceImage;
  readonly shown: ReadonlySet<number>;
}

/** Images in a random order that is the same everywhere, whatever the order in which they are given. */
export function shuffled<T extends { readonly id: string }>(images: readonly T[], rule: string): T[] {
  const sorted = [...images].sort((a, b) => (a.id < b.id ? -1 : 1));
  return new Random(`reproduction:${rule}`).shuffle(sorted);
}

/**
 * The first images of an order in which every class has its turn: the next one is the first that shows the class that the images before it
 * show least often.
 *
 * @param candidates in a random order; each shows a class other than background.
 * @param classes how many there are, with background.
 */
export function inTurns(candidates: readonly ShownImage[], classes: number, count: number): ShownImage[] {
  const left = [...candidates];
  const counts = new Array<number>(classes).fill(0);
  const chosen: ShownImage[] = [];
  while (chosen.length < count && left.length > 0) {
    const present = counts.map((_, index) => index > 0 && left.some(({ shown }) => shown.has(index)));
    const fewest = Math.min(...counts.filter((_, index) => present[index]));
    const wanted = counts.findIndex((times, index) => present[index] && times === fewest);
    const [next] = left.splice(
      left.findIndex(({ shown }) => shown.has(wanted)),
      1,
    );
    for (const index of next!.shown) counts[index]! += 1;
    chosen.push(next!);
  }
  return chosen;
}
