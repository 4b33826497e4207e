/** @file Pictures of a folder that could not be used: told at the end, since the others are done. */

import { OtxError } from '../../base/errors.js';
import { printableLine } from '../../base/text.js';
import type { FailedImage } from '../../index.js';

/** Pictures that the message names; more are counted. */
const LISTED = 20;

/**
 * Told at the end, and by the exit code.
 *
 * @param total pictures, usable ones included. @param done what should have been done with them
 */
export function unusable(failed: readonly FailedImage[], total: number, done = 'segmented'): OtxError {
  const reasons = failed.map(({ reason }) => reason);
  const listed = reasons.slice(0, LISTED).map((reason) => `\n  ${printableLine(reason)}`);
  const rest = reasons.length - listed.length;
  return new OtxError(
    'image',
    `${failed.length} of ${total} images could not be ${done}:${listed.join('')}${rest > 0 ? `\n  and ${rest} more` : ''}`,
    { problems: reasons },
  );
}
