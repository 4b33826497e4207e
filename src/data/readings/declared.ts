/** @file The readings that a list of labels has by itself: which value stands for which label. */
import { colorKey } from '../masks/color-key.js';
import type { Rgb } from '../masks/color-vision.js';
import { NO_CLASS } from '../masks/lookup.js';
import { defaultPalette, vocPalette } from '../masks/palette.js';
import { BACKGROUND, type ClassInfo, type DeclaredReading, IGNORE_INDEX, type MaskCoding } from '../types.js';
import type { ReadingName } from './names.js';

/** With which masks are read where a data set declares no colours. */
const VOC_COLORS = vocPalette(256);
const BLACK: Rgb = [0, 0, 0];

/** A label as a meta file has it. */
export interface DeclaredLabel {
  readonly name: string;
  readonly color: Rgb | undefined;
  /** The value that the file gives to it; undefined where the order gives it. */
  readonly key: number | undefined;
}

/** What a meta file says. */
export interface Declaration {
  /** In file order, at least one. */
  readonly labels: readonly DeclaredLabel[];
  /** Position of the label that is the background; -1 where none is. */
  readonly background: number;
  /** Position of a label that may be the background, a class, or what is to be ignored; -1 where none may. */
  readonly uncertain: number;
  /** Notices on what was understood already. */
  readonly notices: readonly string[];
}

/**
 * All readings of a declaration, the one that it says, or is most likely to say, first.
 *
 * @param fail is told why there is none.
 */
export function declaredReadings(
  declaration: Declaration,
  fail: (reason: string) => never,
): readonly DeclaredReading[] {
  const make = (numbering: Numbering, name?: ReadingName, options: MakeOptions = {}) =>
    makeReading(declaration, numbering, name, options, fail);
  const { labels, background, uncertain } = declaration;
  const written = (position: number) => labels[position]!.key ?? position;
  const place = (position: number) => position;
  const next = (position: number) => position + 1;
  if (uncertain >= 0) return uncertainReadings(declaration, make);
  if (background >= 0) {
    const numbering = { background, numberOf: written };
    if (labels.every((_, position) => written(position) === position)) return [make(numbering)];
    return [
      make(numbering, 'keys-are-values'),
      make({ ...numbering, numberOf: place }, 'positions-are-values', { onlyAssumed: true }),
    ];
  }
  const first = labels.findIndex((_, position) => written(position) === 0);
  if (first >= 0) {
    const moved = { background, numberOf: (position: number) => written(position) + 1 };
    return [
      make(moved, 'zero-is-background', { notices: [movedNotice(labels[first]!.name)] }),
      make({ background, numberOf: written }, 'zero-is-first-label', {
        notices: [`value 0 is ${labels[first]!.name}; nothing in the masks is background`],
      }),
    ];
  }
  const notices = ['no label is named "background": mask value 0, which no label has, is background'];
  const numbering = { background, numberOf: written };
  if (labels.every((_, position) => written(position) === position + 1)) {
    return [make(numbering, undefined, { notices })];
  }
  return [
    make(numbering, 'keys-are-values', { notices }),
    make({ background, numberOf: next }, 'positions-are-values', { onlyAssumed: true }),
  ];
}

const movedNotice = (first: string) =>
  `no label is named "background": mask value 0 is background and value 1 is ${first}; if value 0 is a class of its own, ` +
  'name the first label "background"';

type Make = (numbering: Numbering, name?: ReadingName, options?: MakeOptions) => DeclaredReading;

/** Of a label such as "void" at value 0, or of labelme's two first labels. */
function uncertainReadings({ labels, background, uncertain }: Declaration, make: Make): DeclaredReading[] {
  const written = (position: number) => labels[position]!.key ?? position;
  const { name } = labels[uncertain]!;
  if (background >= 0) {
    const others = { background, ignored: uncertain };
    const without = { ...others, numberOf: (position: number) => position - 1 };
    return [
      make(without, 'ignore-is-255', { notices: [`label ${name} has no value of its own in the masks`] }),
      make({ ...others, numberOf: written }, 'ignore-is-0', { notices: [ignoredNotice(name)] }),
    ];
  }
  const numbering = { background: -1, numberOf: written };
  return [
    make({ ...numbering, background: uncertain }, 'first-is-background', {
      notices: [`the first label, "${name}", is taken for the background`],
    }),
    make({ ...numbering, ignored: uncertain }, 'first-is-ignored', { notices: [ignoredNotice(name)] }),
    make(numbering, 'zero-is-first-label', { notices: [`value 0 is ${name}, a class like any other`] }),
    make({ ...numbering, numberOf: (position) => written(position) + 1 }, 'zero-is-background', {
      notices: [movedNotice(name)],
    }),
  ];
}

const ignoredNotice = (name: string) => `pixels of the label ${name} are ignored`;

interface Numbering {
  readonly background: number;
  readonly ignored?: number;
  readonly numberOf: (position: number) => number;
}

interface MakeOptions {
  readonly onlyAssumed?: boolean;
  readonly notices?: readonly string[];
}

function makeReading(
  { labels, notices }: Declaration,
  { background, ignored = -1, numberOf }: Numbering,
  name: ReadingName | undefined,
  options: MakeOptions,
  fail: (reason: string) => never,
): DeclaredReading {
  /** Position in the file of each class; none for a background that is not in it. */
  const positions = [
    background < 0 ? undefined : background,
    ...labels.flatMap((_, i) => (i === background || i === ignored ? [] : [i])),
  ];
  if (positions.length < 2) fail('declares no class besides background; at least one is needed');
  const values: number[] = [];
  if (background < 0) values[0] = 0;
  const colored: [Rgb, number][] = [];
  const palette = defaultPalette(positions.length);
  const classes = positions.map((position, classIndex): ClassInfo => {
    const drawn = palette[classIndex]!;
    if (position === undefined) return { name: BACKGROUND, color: drawn };
    const { name, color } = labels[position]!;
    const value = numberOf(position);
    if (value >= 0) values[value] = classIndex;
    const inMasks = color ?? VOC_COLORS[value];
    if (inMasks) colored.push([inMasks, classIndex]);
    return { name, color: color ?? drawn };
  });
  if (ignored >= 0) {
    const value = numberOf(ignored);
    if (value >= 0) values[value] = IGNORE_INDEX;
    const color = labels[ignored]!.color ?? VOC_COLORS[value];
    if (color) colored.push([color, IGNORE_INDEX]);
  }
  const coding: MaskCoding = {
    values: Array.from(values, (classIndex) => classIndex ?? NO_CLASS),
    colors: classColors(colored, classes, background < 0, fail),
    colorsDeclared: labels.some(({ color }) => color !== undefined),
    useOtxAdapter: false,
  };
  const all = [...notices, ...(options.notices ?? [])];
  return { name, onlyAssumed: options.onlyAssumed ?? false, classes, coding, notices: all };
}

function classColors(
  colored: readonly (readonly [Rgb, number])[],
  classes: readonly ClassInfo[],
  blackIsBackground: boolean,
  fail: (reason: string) => never,
): MaskCoding['colors'] {
  const byKey = new Map<number, { color: Rgb; classIndex: number }>();
  const add = (color: Rgb, classIndex: number) => byKey.set(colorKey(...color), { color, classIndex });
  add(VOC_COLORS[IGNORE_INDEX]!, IGNORE_INDEX);
  for (const [color, index] of colored) {
    const other = byKey.get(colorKey(...color));
    if (other && other.classIndex !== IGNORE_INDEX) {
      const names = [other.classIndex, index].map((i) => classes[i]?.name ?? 'the one to ignore');
      fail(`classes ${names.join(' and ')} have the same colour (${color.join(', ')})`);
    }
    add(color, index);
  }
  if (blackIsBackground && !byKey.has(0)) add(BLACK, 0);
  return [...byKey.values()];
}
