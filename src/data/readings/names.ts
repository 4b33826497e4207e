/** @file The names of readings, by which `assume` chooses, each with the sentence that says what it means. */
import { OtxError, option } from '../../base/errors.js';
import { listSome } from '../datasets/problems.js';

/** What a data set can be read as; grouped by the question that they answer. */
export const READINGS = {
  'keys-are-values': 'the keys of label_map are the values in the masks',
  'positions-are-values': 'values are positions in label_map, whatever its keys are',
  'zero-is-background': 'value 0 is background, and the labels begin with value 1',
  'zero-is-first-label': 'value 0 is the first label; nothing is background',
  'first-is-background': 'the first label is the background',
  'first-is-ignored': 'pixels of the first label are ignored',
  'ignore-is-255': 'the label to ignore has no value of its own, so that the next one has value 0',
  'ignore-is-0': 'the label to ignore has value 0',
  'palette-colours': 'palettes hold the colours of the classes',
  'palette-greys': 'palettes hold greys, each of which is a value',
  'palette-indices': 'the palette index is the value',
  'rgb-colours': 'RGB files hold the colours of the classes',
  'rgb-greys': 'RGB files hold greys, each of which is a value',
  'grey-values': 'grey samples are the numbers of classes',
  'grey-colours': 'grey samples are the colours of classes',
  'samples-as-stored': 'samples of less than 8 bits are values as they are stored',
  'samples-stretched': 'samples of less than 8 bits are stretched to 0..255, as viewers show them',
  '255-is-ignored': 'pixels of value 255 are ignored',
  '255-is-class': 'value 255 is the class',
  '255-is-background': 'value 255 is background, and 0 is the class',
  'alpha-is-dropped': 'the alpha channel means nothing',
  'alpha-is-class': 'opaque pixels are of the class, all others background',
  'nearest-colour':
    'each pixel is of the class whose colour is nearest, and ignored where none is near, as at borders',
  'masks-upright': 'masks lie on the upright images',
  'masks-raw': 'masks lie on the pixels as they are stored, and are turned as their images are',
} as const;

/** The name of a way to read a data set. */
export type ReadingName = keyof typeof READINGS;

/**
 * The names in a text, one or several with commas between them.
 *
 * @throws OtxError `usage` for a name that is none.
 */
export function parseAssume(text: string | undefined): ReadingName[] {
  const names = (text ?? '').split(',').map((name) => name.trim());
  const wrong = names.find((name) => name !== '' && !(name in READINGS));
  if (wrong !== undefined) {
    throw new OtxError(
      'usage',
      `${option('assume')} is "${wrong}"; it is one or several of ${listSome(Object.keys(READINGS), 99)}`,
    );
  }
  return names.filter((name) => name !== '') as ReadingName[];
}
