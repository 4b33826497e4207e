/** @file Labels that do not lie on the edges of their image, where those of the other images do. */

import { median } from '../../base/quantile.js';
import type { Turn } from '../../data/measures/placement.js';
import { areFew } from './few.js';
import type { ExaminedImage, Found } from './finding.js';

/** Usual lead below which the edges of this data set do not tell where labels belong. */
const TELLING = 0.1;
/** Least distance of a shift, as a share of the side. */
const FAR = 0.015;
/** As parts of the usual fit: how much better another place is, and how well labels fit there at least. */
const BETTER = 0.2;
const WELL = 0.55;
/** As parts of the usual lead: with how much another place is the only one, and below which the own place is any one. */
const CLEAR = 0.3;
const LEAST_CLEAR = 0.08;
const ANY = 0.25;
/** Of the usual fit: labels that fit worse may have nothing to do with their image. */
const BADLY = 0.5;
/** Fewer images say nothing of what is usual. */
const FEWEST_IMAGES = 8;

/** Labels that were found to lie wrong, and images whose labels may belong to another one. */
export interface Misplaced {
  readonly found: readonly Found[];
  readonly suspects: readonly ExaminedImage[];
  /** Of labels on their own image. */
  readonly usualFit: number;
}

/** @param images that show something, with labels of their own. */
export function findMisplaced(images: readonly ExaminedImage[]): Misplaced {
  const placed = images.flatMap((image) => {
    const { placement } = image.measures;
    return placement ? [{ image, placement }] : [];
  });
  const usualFit = median(placed.map(({ placement }) => placement.own.fit));
  const usualLead = median(placed.map(({ placement }) => placement.own.lead));
  if (placed.length < FEWEST_IMAGES || !(usualLead >= TELLING)) return { found: [], suspects: [], usualFit };
  const found: Found[] = [];
  const suspects: ExaminedImage[] = [];
  for (const { image, placement } of placed) {
    const { own, shifted, turned } = placement;
    const gains = (fit: number) => fit - own.fit >= BETTER * usualFit && fit >= WELL * usualFit;
    const isFar = Math.hypot(shifted.right, shifted.down) >= FAR;
    const isTurned = gains(turned.fit) && own.lead < CLEAR * usualLead;
    const isShifted = isFar && gains(shifted.fit) && shifted.lead >= Math.max(CLEAR * usualLead, LEAST_CLEAR);
    if (isShifted && !(isTurned && turned.fit > shifted.fit)) {
      found.push({ kind: 'shifted', message: `they fit ${inWords(shifted)}`, images: [image] });
    } else if (isTurned) {
      found.push({ kind: 'turned', message: `they fit ${TURNED[turned.turn]}`, images: [image] });
    } else if (own.lead < ANY * usualLead && own.fit < usualFit) suspects.push(image);
  }
  return { found, suspects, usualFit };
}

/** Of the suspects those that clearly fit their image worse than all others do; none where there are too many of them. */
export function findAstray(suspects: readonly ExaminedImage[], usualFit: number, images: number): Found[] {
  if (!areFew(suspects.length, images)) return [];
  const badly = suspects.filter(({ measures }) => {
    const { fit, lead } = measures.placement!.own;
    return lead < 0 && fit < BADLY * usualFit;
  });
  return badly.map((image) => ({
    kind: 'astray',
    message: 'their borders meet no more of the edges than anywhere else',
    images: [image],
  }));
}

const TURNED: Readonly<Record<Turn, string>> = {
  mirrored: 'when they are mirrored',
  'upside down': 'when they are turned upside down',
  'half turn': 'after half a turn',
  'quarter turn': 'after a quarter turn',
};

/** "6 % farther right and 3 % farther down". */
function inWords({ right, down }: { readonly right: number; readonly down: number }): string {
  const part = (share: number, forth: string, back: string) =>
    Math.abs(share) < 0.004
      ? []
      : [`${(100 * Math.abs(share)).toFixed(0)} % of the side farther ${share > 0 ? forth : back}`];
  return [...part(right, 'right', 'left'), ...part(down, 'down', 'up')].join(' and ');
}
