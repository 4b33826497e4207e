/** @file Classes from nothing but the values and colours that masks hold, and the meta file that would say so. */
import { messageOf, OtxError, option } from '../../base/errors.js';
import { datasetError, listSome } from '../datasets/problems.js';
import { mapConcurrent } from '../loaders/concurrent.js';
import { colorKey } from '../masks/color-key.js';
import type { Rgb } from '../masks/color-vision.js';
import { NO_CLASS } from '../masks/lookup.js';
import { defaultPalette } from '../masks/palette.js';
import { type RawMask, readRawMask } from '../masks/raw-mask.js';
import { evidenceOf } from '../readings/evidence.js';
import { BACKGROUND, type ClassInfo, type DeclaredReading, IGNORE_INDEX, type MaskCoding } from '../types.js';
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
  /** Pixels and runs along the rows by what they hold. */
  readonly runs: ReadonlyMap<number, Runs>;
}

interface Runs {
  readonly pixels: number;
  readonly runs: number;
}

const NOTHING: Contents = { values: new Set(), colors: new Set(), depth: 8, runs: new Map() };
/** What is drawn covers more than single pixels, on average. */
const SHORTEST_RUN = 2;
const MOST_SHADES = 8;
const WITHOUT_SHADES =
  'save masks without anti-aliasing and without loss, or name the classes and their colours in dataset_meta.json and use ' +
  `${option('assume')} nearest-colour`;

/**
 * Concludes the classes of masks without a meta file. 0 and black are background. Every other value is a class, in ascending
 * order. 255 is what is ignored besides 1, 2, 3 and so on, and the class where 0 and 255 are all there is; besides others it may
 * be either, and both are given as readings.
 *
 * @throws OtxError `dataset` for more values than classes could be, or where the conclusion would be a guess.
 */
export async function classesFromMasks(
  root: string,
  paths: readonly string[],
): Promise<Pick<OpenedItems, 'classes' | 'coding' | 'notices' | 'proposedMeta' | 'readings'>> {
  const problems: string[] = [];
  const contents = await mapConcurrent(paths, FILES_AT_ONCE, async (path) => {
    try {
      return await contentsOf(path);
    } catch (error) {
      problems.push(messageOf(error));
      return NOTHING;
    }
  });
  if (problems.length > 0)
    throw datasetError(
      root,
      problems.sort(),
      'Mend, replace or remove the files; colours that need not be exact take a dataset_meta.json that names the classes and ' +
        'their colours',
    );
  refuseMixedDepths(root, paths, contents);
  const values = union(contents.map((each) => each.values));
  const colors = union(contents.map((each) => each.colors));
  const found = [...new Set([...values.map(grayKey), ...colors])].sort((a, b) => rank(a) - rank(b));
  if (found.length > MOST) {
    throw new OtxError(
      'dataset',
      `${root}: its masks hold ${found.length} different values, too many for classes; ${WITHOUT_SHADES}`,
    );
  }
  refuseShades(root, contents);
  if (found.every((key) => key === 0)) {
    throw new OtxError('dataset', `${root}: its ${paths.length} masks are all 0; there is nothing to learn`);
  }
  const others = found.filter((key) => key !== 0 && key !== WHITE);
  const conclude = (name: DeclaredReading['name']) =>
    conclusion({ found, colors, name, isDrawn: values.length === 0 && !colors.every(isGray) });
  // As people number classes, which leaves 255 for what is ignored; other greys are spread to be seen, and white is one of them.
  const isCounted = others.every((key, position) => isGray(key) && numberOf(key) === position + 1);
  const isOpen = found.includes(WHITE) && others.length > 0 && !isCounted;
  const readings = isOpen
    ? [conclude('255-is-ignored'), conclude('255-is-class')]
    : [conclude(others.length > 0 ? '255-is-ignored' : '255-is-class')];
  const { classes, coding, notices, proposedMeta } = readings[0]!;
  return { classes, coding, notices, proposedMeta: proposedMeta!, ...(isOpen ? { readings } : {}) };
}

const WHITE = colorKey(255, 255, 255);

interface Found {
  /** Values and colours, in ascending order. */
  readonly found: readonly number[];
  readonly colors: readonly number[];
  readonly name: DeclaredReading['name'];
  /** Whether pictures show classes in the colours that they have. */
  readonly isDrawn: boolean;
}

function conclusion({ found, colors, name, isDrawn }: Found): DeclaredReading {
  const isIgnored = name === '255-is-ignored' && found.includes(WHITE);
  const foreground = found.filter((key) => key !== 0 && !(isIgnored && key === WHITE));
  const palette = defaultPalette(foreground.length + 1);
  const classes: ClassInfo[] = [
    { name: BACKGROUND, color: [0, 0, 0] },
    ...foreground.map((key, i) => ({ name: nameOf(key), color: isDrawn ? rgbOf(key) : palette[i + 1]! })),
  ];
  const indexOf = new Map([[0, 0], ...foreground.map((key, i): [number, number] => [key, i + 1])]);
  if (isIgnored) indexOf.set(WHITE, IGNORE_INDEX);
  const listed = [...indexOf].map(([key, index]) => `${textOf(key)} = ${classNameAt(classes, index)}`);
  return {
    name,
    onlyAssumed: false,
    classes,
    coding: codingOf(indexOf, colors),
    notices: [
      `there is no meta file; classes are what its masks hold: ${listSome(listed, 8)}; to name them, put a dataset_meta.json into ` +
        'the folder',
    ],
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
  const raw = await readRawMask(path);
  const { form, counts } = evidenceOf(raw);
  const found = new Set(counts.map(([sample]) => sample));
  const runs = runsIn(raw, new Map(counts));
  if (form.kind === 'colours') return { ...NOTHING, colors: found, runs };
  return { values: found, colors: new Set(), depth: form.depth, runs };
}

function runsIn({ form, samples, width }: RawMask, counts: ReadonlyMap<number, number>): Map<number, Runs> {
  const isRgb = form.kind === 'colours';
  const at = (i: number) =>
    isRgb ? colorKey(samples[3 * i]!, samples[3 * i + 1]!, samples[3 * i + 2]!) : samples[i]!;
  const runs = new Map<number, number>();
  const total = samples.length / (isRgb ? 3 : 1);
  let before = -1;
  for (let i = 0; i < total; i++) {
    const sample = at(i);
    if (sample !== before || i % width === 0) runs.set(sample, (runs.get(sample) ?? 0) + 1);
    before = sample;
  }
  return new Map([...counts].map(([sample, pixels]) => [sample, { pixels, runs: runs.get(sample) ?? 0 }]));
}

/** Smooth borders and lossy compression leave many values on single pixels, none of which is a class. */
function refuseShades(root: string, contents: readonly Contents[]): void {
  const all = new Map<number, Runs>();
  for (const [sample, { pixels, runs }] of contents.flatMap((each) => [...each.runs])) {
    const known = all.get(sample);
    all.set(sample, { pixels: pixels + (known?.pixels ?? 0), runs: runs + (known?.runs ?? 0) });
  }
  const shades = [...all.values()].filter(({ pixels, runs }) => pixels < SHORTEST_RUN * runs).length;
  if (shades <= MOST_SHADES || 2 * shades < all.size) return;
  throw new OtxError(
    'dataset',
    `${root}: ${shades} of the ${all.size} values in its masks are found on hardly more than single pixels, as smooth borders ` +
      `have them; ${WITHOUT_SHADES}`,
  );
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
