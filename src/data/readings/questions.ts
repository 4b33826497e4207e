/** @file What the masks of a data set leave open, and the answers that are possible. */
import { colorKey } from '../masks/color-key.js';
import { isGrey, NO_CLASS } from '../masks/lookup.js';
import { type DeclaredReading, IGNORE_INDEX, type MaskCoding } from '../types.js';
import type { ReadingName } from './names.js';
import type { Sightings } from './sightings.js';

/** One answer: what it changes in how masks are read. */
export interface Answer {
  readonly name: ReadingName;
  readonly change: Partial<MaskCoding>;
  /** Said when it was chosen and is not what everybody expects. */
  readonly notice?: string;
  /** Whether only somebody who asks for it gets it. Default false. */
  readonly onlyAssumed?: boolean;
}

/** Something that masks leave open. */
export interface Question {
  /** The first is the usual one. */
  readonly answers: readonly Answer[];
  /** Whether the files say it themselves, so that the first answer that fits them is believed. */
  readonly isSaid: boolean;
}

/** The questions that arise for masks of such contents, read as `reading` numbers the labels. */
export function questionsOf(
  seen: Sightings,
  reading: DeclaredReading,
  assumed: readonly ReadingName[],
): readonly Question[] {
  const asked = [palettes, rgb, greys, lowDepth, white, alpha].flatMap((ask) => ask(seen, reading) ?? []);
  // Colours count as they are unless somebody says otherwise.
  return assumed.includes(NEAREST.name) ? [...asked, { answers: [NEAREST], isSaid: true }] : asked;
}

const NEAREST: Answer = {
  name: 'nearest-colour',
  change: { nearest: true },
  notice:
    'pixels are of the class whose colour is nearest; those that are near none, as at borders, are ignored',
};

type Ask = (seen: Sightings, reading: DeclaredReading) => Question | undefined;

const palettes: Ask = ({ palette, wide }) => {
  if (!palette.isSeen) return undefined;
  const colours: Answer = { name: 'palette-colours', change: { palettes: 'colours' } };
  const greys: Answer = {
    name: 'palette-greys',
    change: { palettes: 'greys' },
    notice: 'masks with a palette of greys are read by them: grey 1 is value 1',
  };
  const indices: Answer = {
    name: 'palette-indices',
    change: { palettes: 'indices' },
    notice: 'masks with a palette are read by its indices, since its colours are not those of the classes',
  };
  const isAllGrey = palette.colours.every(isGrey);
  // White may be the value 255, to be ignored, or just the other of two colours.
  const isDoubtful = isAllGrey && palette.colours.some(([v]) => v === IGNORE_INDEX) && wide.size > 0;
  return { answers: isAllGrey ? [colours, greys, indices] : [colours, indices], isSaid: !isDoubtful };
};

const rgb: Ask = ({ rgbColours }) => {
  if (rgbColours.length === 0) return undefined;
  const colours: Answer = { name: 'rgb-colours', change: { rgb: 'colours' } };
  if (!rgbColours.every(isGrey)) return { answers: [colours], isSaid: true };
  const greys: Answer = {
    name: 'rgb-greys',
    change: { rgb: 'greys' },
    notice: 'RGB masks that hold nothing but greys are read as values: (1, 1, 1) is value 1',
  };
  return { answers: [colours, greys], isSaid: true };
};

/** A gray file can hold the colours that were declared, or the numbers of the classes. */
const greys: Ask = ({ wide }, { coding }) => {
  if (!coding.colorsDeclared || wide.size === 0) return undefined;
  const declared = new Map(coding.colors.map(({ color, classIndex }) => [colorKey(...color), classIndex]));
  const asColour = (value: number) => declared.get(colorKey(value, value, value));
  const values = [...wide.keys()].filter((value) => value !== IGNORE_INDEX);
  const differs = values.some((value) => asColour(value) !== coding.values[value]);
  if (!differs || values.some((value) => value > 255 || asColour(value) === undefined)) return undefined;
  return {
    answers: [
      { name: 'grey-values', change: {} },
      { name: 'grey-colours', change: { greys: 'colours' }, notice: 'grey samples are the declared colours' },
    ],
    isSaid: false,
  };
};

/** An optimiser of files makes 1-bit files of 0 and 255; other programs write 0 and 1 into such files. */
const lowDepth: Ask = ({ low, wide }) => {
  if (low.size === 0 || wide.size === 0) return undefined;
  const others = [...wide.keys()].filter((value) => value !== 0);
  const isPair = others.length === 1 && others[0] === IGNORE_INDEX;
  return {
    answers: [
      { name: 'samples-as-stored', change: { lowDepth: 'stored' } },
      { name: 'samples-stretched', change: { lowDepth: 'stretched' } },
    ],
    isSaid: isPair || !wide.has(IGNORE_INDEX),
  };
};

/** Half of the pixels: an object rarely covers as much, a background often does. */
const MOST = 0.5;

const white: Ask = (seen, { classes, coding }) => {
  const values = seen.values;
  const whites = [IGNORE_INDEX, 65535].filter((value) => values.has(value));
  if (whites.length === 0 || (coding.values[IGNORE_INDEX] ?? NO_CLASS) !== NO_CLASS) return undefined;
  const ignored: Answer = { name: '255-is-ignored', change: { white: IGNORE_INDEX } };
  const declared = coding.colors.find(({ color }) => colorKey(...color) === 0xffffff)?.classIndex;
  if (coding.colorsDeclared && declared !== undefined && whites[0] === IGNORE_INDEX) {
    const isClass: Answer = {
      name: '255-is-class',
      change: { white: declared },
      notice: `value 255 in gray masks is ${classes[declared]?.name ?? 'ignored'}, whose declared colour is white`,
    };
    const number = coding.values.indexOf(declared);
    return { answers: [isClass, ignored], isSaid: number === 0 || !values.has(number) };
  }
  const isPair = values.size === 2 && values.has(0) && whites.length === 1;
  if (!isPair || classes.length !== 2) {
    return whites[0] === IGNORE_INDEX ? { answers: [ignored], isSaid: true } : undefined;
  }
  const name = classes[1]!.name;
  const isClass: Answer = {
    name: '255-is-class',
    change: { white: 1 },
    notice: `value ${whites[0]} is ${name}, since the masks hold nothing but 0 and ${whites[0]}`,
  };
  const isInverted: Answer = {
    name: '255-is-background',
    change: { white: 0, values: [1, ...coding.values.slice(1)] },
    notice: `value ${whites[0]} is background and 0 is ${name}`,
    onlyAssumed: values.get(whites[0]!)! <= MOST * sum(values.values()),
  };
  return { answers: [isClass, isInverted, ignored], isSaid: isInverted.onlyAssumed === true };
};

/** Drawing programs leave the background transparent, or all of the picture one colour. */
const alpha: Ask = ({ alpha }, { classes }) => {
  if (!alpha.isEverywhere || classes.length !== 2) return undefined;
  if (alpha.opacities.size !== 2 || !alpha.opacities.has(0) || !alpha.opacities.has(255)) return undefined;
  const notice = `opaque pixels are ${classes[1]!.name} and transparent ones background: the masks say it in their alpha channel`;
  return {
    answers: [
      { name: 'alpha-is-dropped', change: { alpha: 'dropped' } },
      { name: 'alpha-is-class', change: { alpha: 'class' }, notice },
    ],
    isSaid: false,
  };
};

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
