/** @file Classes from nothing but the values and colours that masks hold, and the meta file that would say so. */
import { messageOf, OtxError } from '../../base/errors.js';
import { datasetError, listSome } from '../datasets/problems.js';
import { mapConcurrent } from '../loaders/concurrent.js';
import { colorKey } from '../masks/color-key.js';
import type { Rgb } from '../masks/color-vision.js';
import { NO_CLASS } from '../masks/lookup.js';
import { defaultPalette } from '../masks/palette.js';
import { readRawMask } from '../masks/raw-mask.js';
import { evidenceOf } from '../readings/evidence.js';
import { BACKGROUND, type ClassInfo, IGNORE_INDEX, type MaskCoding } from '../types.js';
import type { OpenedItems } from './format.js';

const FILES_AT_ONCE = 8;
/** More are no classes, but shades of borders or of a photograph. */
const MOST = 253;

/** What a mask holds: numbers in a file with one channel, colours as keys in others. */
interface Contents {
  readonly values: ReadonlySet<number>;
  readonly colors: ReadonlySet<number>;
  /** Bits of a number. */
  readonly depth: number;
}

const NOTHING: Contents = { values: new Set(), colors: new Set(), depth: 8 };

/**
 * Concludes the classes of masks without a meta file. 0 and black are background. Every other value is a class, in ascending
 * order, but 255 besides others is what is ignored; where 0 and 255 are all there is, 255 is the class.
 *
 * @throws OtxError `dataset` for more values than classes could be, or where the conclusion would be a guess.
 */
export async function classesFromMasks(
  root: string,
  paths: readonly string[],
): Promise<Pick<OpenedItems, 'classes' | 'coding' | 'notices' | 'proposedMeta'>> {
  const problems: string[] = [];
  const contents = await mapConcurrent(paths, FILES_AT_ONCE, async (path) => {
    try {
      return await contentsOf(path);
    } catch (error) {
      problems.push(messageOf(error));
      return NOTHING;
    }
  });
  if (problems.length > 0) throw datasetError(root, problems.sort(), 'Mend, replace or remove the files');
  refuseMixedDepths(root, paths, contents);
  const values = union(contents.map((each) => each.values));
  const colors = union(contents.map((each) => each.colors));
  const found = [...new Set([...values.map(grayKey), ...colors])].sort((a, b) => rank(a) - rank(b));
  if (found.length > MOST) {
    throw new OtxError(
      'dataset',
      `${root}: its masks hold ${found.length} different values, too many for classes; save them without ` +
        'anti-aliasing and without loss, or name the classes in dataset_meta.json',
    );
  }
  const white = grayKey(255);
  const others = found.filter((key) => key !== 0 && key !== white);
  const isIgnored = found.includes(white) && others.length > 0;
  const foreground = found.filter((key) => key !== 0 && !(isIgnored && key === white));
  if (foreground.length === 0) {
    throw new OtxError('dataset', `${root}: its ${paths.length} masks are all 0; there is nothing to learn`);
  }
  const palette = defaultPalette(foreground.length + 1);
  const isDrawn = values.length === 0 && !colors.every(isGray);
  const classes: ClassInfo[] = [
    { name: BACKGROUND, color: [0, 0, 0] },
    ...foreground.map((key, i) => ({ name: nameOf(key), color: isDrawn ? rgbOf(key) : palette[i + 1]! })),
  ];
  const indexOf = new Map([[0, 0], ...foreground.map((key, i): [number, number] => [key, i + 1])]);
  if (isIgnored) indexOf.set(white, IGNORE_INDEX);
  const notice =
    `there is no meta file; classes are what its masks hold: ` +
    `${listSome(
      [...indexOf].map(([key, index]) => `${textOf(key)} = ${classNameAt(classes, index)}`),
      8,
    )}; ` +
    'to name them, put a dataset_meta.json into the folder';
  return {
    classes,
    coding: codingOf(indexOf, colors),
    notices: [notice],
    proposedMeta: metaOf(classes, indexOf),
  };
}

const classNameAt = (classes: readonly ClassInfo[], index: number) => classes[index]?.name ?? 'ignored';
const grayKey = (value: number) => (value < 256 ? colorKey(value, value, value) : -value);
/** Numbers first, by their value, then colours. */
const rank = (key: number) => (isGray(key) ? numberOf(key) : 2 ** 24 + key);
const isGray = (key: number) => key < 0 || grayKey(key & 255) === key;
const rgbOf = (key: number): Rgb => [key >> 16, (key >> 8) & 255, key & 255];
const numberOf = (key: number) => (key < 0 ? -key : key & 255);
const textOf = (key: number) => (isGray(key) ? String(numberOf(key)) : `(${rgbOf(key).join(', ')})`);
const nameOf = (key: number) => (isGray(key) ? `class ${numberOf(key)}` : `colour ${rgbOf(key).join(' ')}`);

function codingOf(indexOf: ReadonlyMap<number, number>, colors: readonly number[]): MaskCoding {
  const grays = [...indexOf].filter(([key]) => isGray(key));
  const values = Array.from(
    { length: Math.max(...grays.map(([key]) => numberOf(key)), 0) + 1 },
    () => NO_CLASS,
  );
  for (const [key, index] of grays) values[numberOf(key)] = index;
  const coded = [...indexOf]
    .filter(([key]) => key >= 0)
    .map(([key, classIndex]) => ({ color: rgbOf(key), classIndex }));
  return {
    values,
    colors: colors.length > 0 ? coded : [],
    colorsDeclared: false,
    useOtxAdapter: false,
  };
}

/** In the Common layout, which has no values but those of positions: others are said by colours. */
function metaOf(classes: readonly ClassInfo[], indexOf: ReadonlyMap<number, number>): object {
  const keys = [...indexOf].filter(([, index]) => index !== IGNORE_INDEX).map(([key]) => key);
  const counts = keys.every((key, position) => isGray(key) && numberOf(key) === position);
  return {
    label_map: Object.fromEntries(classes.map(({ name }, index) => [String(index), name])),
    ...(counts ? {} : { segmentation_colors: keys.map((key) => rgbOf(Math.max(key, 0))) }),
  };
}

async function contentsOf(path: string): Promise<Contents> {
  const { form, counts } = evidenceOf(await readRawMask(path));
  const found = new Set(counts.map(([sample]) => sample));
  if (form.kind === 'colours') return { ...NOTHING, colors: found };
  return { values: found, colors: new Set(), depth: form.depth };
}

/** A program that saves black and white masks with one bit makes 1 of what is 255 in the others. */
function refuseMixedDepths(root: string, paths: readonly string[], contents: readonly Contents[]): void {
  const one = contents.findIndex(({ values, depth }) => depth === 1 && values.has(1));
  const byte = contents.findIndex(({ values, depth }) => depth >= 8 && values.has(255));
  if (one < 0 || byte < 0) return;
  throw new OtxError(
    'dataset',
    `${root}: masks differ in their bits: white is 1 in ${paths[one]} (1 bit) and 255 in ${paths[byte]} (8 bits); save ` +
      'all of them with 8 bits and the number of the class in each pixel',
  );
}

const union = (sets: readonly ReadonlySet<number>[]): number[] =>
  [...new Set(sets.flatMap((set) => [...set]))].sort((a, b) => a - b);
