/**
 * @file The two kinds of pictures by formula, as the numbers in which they differ. Pictures of surfaces are told by small patches of
 * texture, which a network learns in some hundred steps; pictures of things by outlines and colours over a distance, which it hardly
 * begins to learn from random numbers, but well after the surfaces.
 */

import type { Random } from '../../base/random.js';

/** Numbers from the first to the second. */
export type Range = readonly [low: number, high: number];

/** What the pictures of a kind have in common. */
export interface PictureLook {
  /** Changes with anything that changes a pixel of such a picture. */
  readonly version: number;
  /** Share of the classes, from the first one on, that have no shape; one class at least, the background. */
  readonly shapeless: number;
  /** Repeats of a texture over 100 pixels. */
  readonly frequency: (random: Random) => number;
  /** How much of rough noise a texture has, 0 to 1. */
  readonly grain: (random: Random) => number;
  readonly colours: ColourRanges;
  readonly things: ThingNumbers;
}

/** From what the colours of a surface are drawn, 0 to 1. */
export interface ColourRanges {
  readonly lightness: Range;
  /** How much lighter or darker the second colour is. */
  readonly contrast: Range;
  /** Which it does not leave. */
  readonly within: Range;
  /** How far the hues of a class may be from their mean (standard deviation). */
  readonly spread: Range;
  /** Of a class, the lower end of its saturations and how much higher the upper one is. */
  readonly leastSaturation: Range;
  readonly moreSaturation: Range;
}

/** How many things, and how large. */
export interface ThingNumbers {
  /** Groups of things in a picture, the second number excluded. */
  readonly groups: Range;
  /** Share of groups of more than one, and how many these are, the second number excluded. */
  readonly several: number;
  readonly members: Range;
  /** Radius as a share of the side of the picture. */
  readonly radius: (random: Random, isOneOfSeveral: boolean) => number;
  /** Share of pictures in which the larger things are behind the smaller ones. */
  readonly sorted: number;
}

/** Names of the kinds. */
export type PictureKind = 'surfaces' | 'things';

/** The kinds by name. */
export const PICTURE_KINDS: Readonly<Record<PictureKind, PictureLook>> = {
  /** Grounds and walls that are classes, finely textured, with some things before them. */
  surfaces: {
    version: 1,
    shapeless: 0.25,
    frequency: (random) => evenInLogarithm(random, 2, 22),
    grain: (random) => random.range(0, 0.5),
    colours: {
      lightness: [0.15, 0.85],
      contrast: [0.12, 0.45],
      within: [0.04, 0.97],
      spread: [0.04, 0.3],
      leastSaturation: [0, 0.6],
      moreSaturation: [0.1, 0.4],
    },
    things: {
      groups: [3, 12],
      several: 0.25,
      members: [2, 7],
      radius: (random, isOneOfSeveral) => evenInLogarithm(random, 0.03, isOneOfSeveral ? 0.12 : 0.32),
      sorted: 0.75,
    },
  },
  /** Many large things, one over another, before a background of any colours. */
  things: {
    version: 2,
    shapeless: 0,
    frequency: (random) => random.range(1.2, 8.6),
    grain: (random) => (random.chance(0.5) ? 0 : random.range(0, 0.3)),
    colours: {
      lightness: [0.25, 1],
      contrast: [0.12, 0.5],
      within: [0.1, 1],
      spread: [0.06, 0.16],
      leastSaturation: [0.2, 0.2],
      moreSaturation: [0.7, 0.7],
    },
    things: {
      groups: [6, 20],
      several: 0.15,
      members: [2, 6],
      radius: (random, isOneOfSeveral) => random.range(0.05, isOneOfSeveral ? 0.14 : 0.38),
      sorted: 1,
    },
  },
};

const evenInLogarithm = (random: Random, low: number, high: number): number =>
  Math.exp(random.range(Math.log(low), Math.log(high)));
