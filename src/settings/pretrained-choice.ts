/** @file What weights a new training may start from, in words and in the form of the switch that this once was. */

import { z } from 'zod';
import { parseSwitch } from '../base/switch.js';
import type { RunKind } from './run-kinds.js';

/**
 * - `auto`: the published ImageNet backbone if it is in the cache or its server answers at once, else the embedded one, else none;
 * - `imagenet`: the published ImageNet backbone, or an error;
 * - `embedded`: the backbone that comes with the package, or an error;
 * - `none`: random numbers.
 */
export const PRETRAINED_CHOICES = ['auto', 'imagenet', 'embedded', 'none'] as const;

/** One of {@link PRETRAINED_CHOICES}. */
export type PretrainedChoice = (typeof PRETRAINED_CHOICES)[number];

/** The choice that a value means: a word in any case, or a switch (on is `imagenet`, off is `none`); anything else stays as it is. */
function choiceOf(value: unknown): unknown {
  const isOn = parseSwitch(value);
  if (isOn !== undefined) return isOn ? 'imagenet' : 'none';
  return typeof value === 'string' ? value.trim().toLowerCase() : value;
}

/** The choice itself, whatever form it was given in. */
export const pretrainedChoice = z.preprocess(choiceOf, z.enum(PRETRAINED_CHOICES));

/** A choice in a program, a file or behind a flag; booleans are what earlier versions had. */
export function pretrainedKind(): RunKind<PretrainedChoice | boolean> {
  return {
    // Described with booleans, which are words before they are looked at.
    schema: z.preprocess(choiceOf, z.union([z.enum(PRETRAINED_CHOICES), z.boolean()])),
    type: 'choice',
    allowed: `one of ${PRETRAINED_CHOICES.join(', ')}; true is imagenet, false is none`,
    words: PRETRAINED_CHOICES,
    fromText: choiceOf,
  };
}
