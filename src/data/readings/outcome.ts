/** @file What a reading makes of a mask, computed from its counts. */
import { classOfRgb, classOfSamples, NO_CLASS } from '../masks/lookup.js';
import { isReadNearest, nearestOfRgb, nearestOfSamples } from '../masks/nearest.js';
import { withoutClass } from '../masks/without-class.js';
import { IGNORE_INDEX, type MaskCoding } from '../types.js';
import type { MaskEvidence } from './evidence.js';

/** Opacities from which on a pixel counts as opaque; see read-mask.ts. */
const OPAQUE = 128;

export interface Outcome {
  /** Pixels by class index; 255 is ignored. */
  readonly pixels: readonly number[];
  /** Pixels without a class. */
  readonly unknown: number;
  /** Samples or colours that they have. */
  readonly found: readonly number[];
}

export function outcomeOf(evidence: MaskEvidence, coding: MaskCoding): Outcome {
  const { form, counts, rest, alpha } = evidence;
  const pixels = new Array<number>(256).fill(0);
  const found: number[] = [];
  let unknown = rest;
  if (coding.alpha === 'class') {
    for (const [opacity, count] of alpha ?? []) pixels[opacity >= OPAQUE ? 1 : 0]! += count;
    return { pixels, found, unknown: alpha ? 0 : sum(counts) + rest };
  }
  const exact = form.kind === 'colours' ? classOfRgb(coding) : within(classOfSamples(coding, form));
  const isUnknown = rest > 0 || counts.some(([sample]) => exact(sample) === NO_CLASS);
  const hasWhite = counts.some(([sample]) => sample === IGNORE_INDEX);
  const isNearest = isReadNearest(coding, form, { isUnknown, hasWhite });
  const nearest = () =>
    form.kind === 'colours' ? nearestOfRgb(coding) : within(nearestOfSamples(coding, form));
  const find = isNearest ? nearest() : exact;
  if (isNearest) {
    pixels[IGNORE_INDEX]! += rest;
    unknown = 0;
  }
  const { renumbered } = coding;
  for (const [sample, count] of counts) {
    const classIndex = find(sample);
    if (classIndex === NO_CLASS) {
      found.push(sample);
      unknown += count;
    } else pixels[renumbered?.[classIndex] ?? classIndex]! += count;
  }
  return { pixels, unknown, found };
}

const within = (table: Uint8Array) => (sample: number) => table[sample]!;

/** What is wrong with a mask under a coding, naming it; undefined when nothing is. */
export function problemOf(path: string, evidence: MaskEvidence, coding: MaskCoding): string | undefined {
  const { unknown, found } = outcomeOf(evidence, coding);
  if (unknown === 0) return undefined;
  if (coding.alpha === 'class') return `${path} has no alpha channel, in which the classes are to be`;
  return withoutClass(path, evidence.form, coding, found, unknown);
}

const sum = (counts: MaskEvidence['counts']) => counts.reduce((total, [, pixels]) => total + pixels, 0);
