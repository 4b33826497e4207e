/** @file The bands of images that are asked for. */
import { OtxError, option } from '../../base/errors.js';

const LARGEST = 1024;

/**
 * Bands from 1 in a text such as "4,3,2".
 *
 * @throws OtxError `usage` unless it is one or three whole numbers.
 */
export function parseBands(text: string | undefined): readonly number[] | undefined {
  if (text === undefined) return undefined;
  const bands = text.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : 0));
  if ((bands.length === 1 || bands.length === 3) && bands.every((band) => band >= 1 && band <= LARGEST)) {
    return bands;
  }
  throw new OtxError(
    'usage',
    `${option('bands')} is "${text}"; expected the number of one band, or those of red, green and blue as in 4,3,2; the first ` +
      'band is 1',
  );
}
