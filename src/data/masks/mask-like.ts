/** @file Whether a picture is a mask rather than a photograph, by what it holds. */
import { evidenceOf } from '../readings/evidence.js';
import { readRawMask } from './raw-mask.js';

/** A photograph has more; a black one is of no more use than a mask. */
const MOST_CLASSES = 32;

/** Pictures compressed with loss, and such as cannot be decoded, are none. */
export async function isMaskLike(path: string): Promise<boolean> {
  const raw = await readRawMask(path).catch(() => undefined);
  if (!raw) return false;
  const { counts, rest } = evidenceOf(raw);
  return rest === 0 && counts.length <= MOST_CLASSES;
}
