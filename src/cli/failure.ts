/** @file How a job that failed is told, and the exit code that it ends with. */

import { messageOf, OtxError } from '../base/errors.js';
import { errorText } from './error-text.js';

/** Exit codes besides 0, and 128 and its number for a signal. */
export const FAILURE = 1;
const USAGE = 2;

/** Whether it is a mistake in the words of the command. */
export const isUsage = (error: unknown): boolean => error instanceof OtxError && error.code === 'usage';

export const failureCode = (error: unknown): number => (isUsage(error) ? USAGE : FAILURE);

/** The line of a failure. @param who in front of it */
export function failureText(who: string, error: unknown): string {
  return `${who}: error: ${errorText(error instanceof OtxError ? error.message : describeUnexpected(error))}`;
}

function describeUnexpected(error: unknown): string {
  const message = messageOf(error);
  if (/\bE[MN]FILE\b/.test(message)) return `${message}; raise the limit, e.g. with: ulimit -n 1024`;
  if (/out of memory|Array buffer allocation failed|\bENOMEM\b/i.test(message))
    return `${message}; there is too little memory: close other programs, or raise a limit that was set with ulimit -v`;
  return `unexpected failure: ${message} (OTX_DEBUG=1 shows where)`;
}
