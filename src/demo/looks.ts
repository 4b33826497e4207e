/** @file The looks that generated data sets can have: one interface, so that no default is tuned to one of them. */

import { OtxError } from '../base/errors.js';
import { cells } from './cells/look.js';
import type { Look } from './look.js';
import { parts } from './parts/look.js';
import { streets } from './streets/look.js';

/** Every look by its name. */
export const LOOKS = { streets, cells, parts } as const satisfies Record<string, Look>;

export type LookName = keyof typeof LOOKS;

/**
 * The look of a name.
 * @throws OtxError `usage` for a name that there is not.
 */
export function lookOf(name: string): Look {
  if (Object.hasOwn(LOOKS, name)) return LOOKS[name as LookName];
  throw new OtxError(
    'usage',
    `Generated pictures have no look ${JSON.stringify(name)}; choose one of ${Object.keys(LOOKS).join(', ')}.`,
  );
}
