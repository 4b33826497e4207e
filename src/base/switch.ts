/** @file Booleans as people write them: `True`, `1`, `yes`, `off`. */

import { z } from 'zod';

const SWITCHES: Readonly<Record<string, boolean>> = {
  true: true,
  '1': true,
  yes: true,
  y: true,
  on: true,
  false: false,
  '0': false,
  no: false,
  n: false,
  off: false,
};

/** What a boolean may look like, for help and error messages. */
export const SWITCH_WORDS = 'true (1, yes, on) or false (0, no, off)';

/** @returns undefined for anything that is no boolean in any form; case does not matter. */
export function parseSwitch(value: unknown): boolean | undefined {
  const text = String(value).trim().toLowerCase();
  return Object.hasOwn(SWITCHES, text) ? SWITCHES[text] : undefined;
}

/** A boolean in a file, in any of these forms. */
export const switchSchema = z.preprocess((value) => parseSwitch(value) ?? value, z.boolean());
