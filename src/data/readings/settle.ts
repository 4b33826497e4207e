/**
 * @file Decides how the masks of a data set are read. Each reading that the meta file and the contents of the masks leave
 * open is tried on the counts of all masks. What the files say is believed; where readings remain that differ in what would
 * be learned, nobody but the user can decide.
 */
import { OtxError, option } from '../../base/errors.js';
import { printableLine } from '../../base/text.js';
import { type ClassInfo, type DeclaredReading, IGNORE_INDEX, type MaskCoding } from '../types.js';
import type { MaskEvidence } from './evidence.js';
import { READINGS, type ReadingName } from './names.js';
import { outcomeOf } from './outcome.js';
import { type Answer, type Question, questionsOf } from './questions.js';
import { sightingsOf } from './sightings.js';

/** How a data set is read. */
export interface Settled {
  readonly classes: readonly ClassInfo[];
  readonly coding: MaskCoding;
  /** The readings that were chosen, for data that is to be read alike. */
  readonly chosen: readonly ReadingName[];
  /** What a careful reader should know, one sentence each. */
  readonly notices: readonly string[];
  readonly proposedMeta?: object;
}

export interface SettleOptions {
  /** Of the data set, for messages. */
  readonly root: string;
  readonly readings: readonly DeclaredReading[];
  readonly masks: readonly MaskEvidence[];
  /** What somebody asked for. */
  readonly assumed: readonly ReadingName[];
  /** How the data was read that this belongs to; followed where it fits. */
  readonly preferred: readonly ReadingName[];
}

interface Candidate extends Settled {
  readonly reading: DeclaredReading;
  /** For each question whether the files say the answer, and which of the answers this is. */
  readonly answers: readonly { readonly isSaid: boolean; readonly at: number; readonly of: ReadingName }[];
  readonly unknown: number;
  /** Pixels by class index over all masks. */
  readonly pixels: readonly number[];
  /** What each mask shows, to compare. */
  readonly signature: string;
}

/**
 * @returns undefined where every mask has pixels without a class in every reading: then `best` is to be complained about.
 * @throws OtxError `dataset` where several readings fit that differ, with the share of the pixels that each gives and what
 * chooses it.
 */
export function settle(given: SettleOptions): Settled & { readonly fits: boolean } {
  const { root, masks, preferred } = given;
  // What was read so was compressed with loss or drawn with smooth borders; what belongs to it will be as well.
  const assumed = preferred.includes('nearest-colour')
    ? [...given.assumed, 'nearest-colour' as const]
    : given.assumed;
  const options = { ...given, assumed };
  const all = candidatesOf(options);
  const least = Math.min(...all.map(({ unknown }) => unknown));
  let left = all.filter(({ unknown }) => unknown === 0);
  if (left.length === 0) {
    const best = all.find(({ unknown }) => unknown === least)!;
    return { ...best, fits: false, notices: [...best.notices, ...waysOut(options)] };
  }
  left = preferring(left, preferred, assumed);
  if (left.some(showsSomething)) left = left.filter(showsSomething);
  left = believing(left);
  const ways = left.filter(
    ({ signature }, i) => left.findIndex((other) => other.signature === signature) === i,
  );
  if (ways.length > 1) throw undecided(root, ways, masks.length);
  return { ...left[0]!, fits: true };
}

/** More is no border of objects. */
const MOST_OF_BORDERS = 0.2;
/** As many values besides those of classes are shades. */
const FEWEST_SHADES = 8;

/** Readings that contradict the meta file, but fit; and the nearest colours, where most pixels are near one. */
function waysOut(options: SettleOptions): string[] {
  const contradicting = options.readings.flatMap(({ name, onlyAssumed }) =>
    name && onlyAssumed ? [name] : [],
  );
  return [...contradicting, 'nearest-colour' as const].flatMap((name) => {
    const asked = candidatesOf({ ...options, assumed: [...options.assumed, name] });
    const fitting = asked.find(
      (each) =>
        each.unknown === 0 &&
        each.chosen.includes(name) &&
        (name !== 'nearest-colour' || hasBorders(each, options.masks)),
    );
    return fitting ? [`${option('assume')} ${name} fits: ${READINGS[name]}: ${sharesOf(fitting)}`] : [];
  });
}

const hasBorders = (way: Candidate, masks: readonly MaskEvidence[]): boolean =>
  showsSomething(way) &&
  way.pixels[IGNORE_INDEX]! <= MOST_OF_BORDERS * sum(way.pixels) &&
  masks.some(({ counts, rest }) => rest > 0 || counts.length >= way.classes.length + FEWEST_SHADES);

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

function candidatesOf({ readings, masks, assumed }: SettleOptions): Candidate[] {
  const seen = sightingsOf(masks);
  const isAllowed = ({
    name,
    onlyAssumed = false,
  }: {
    name: ReadingName | undefined;
    onlyAssumed?: boolean;
  }) => !onlyAssumed || (name !== undefined && assumed.includes(name));
  return readings.filter(isAllowed).flatMap((reading) => {
    const questions = questionsOf(seen, reading, assumed).map((question): Question => {
      const asked = question.answers.filter(({ name }) => assumed.includes(name));
      return { ...question, answers: asked.length > 0 ? asked : question.answers.filter(isAllowed) };
    });
    return product(questions).map((answers) => candidate(reading, questions, answers, masks));
  });
}

/** Every choice of one answer per question; the usual ones first. */
function product(questions: readonly Question[]): Answer[][] {
  return questions.reduce<Answer[][]>(
    (choices, { answers }) => choices.flatMap((choice) => answers.map((answer) => [...choice, answer])),
    [[]],
  );
}

function candidate(
  reading: DeclaredReading,
  questions: readonly Question[],
  answers: readonly Answer[],
  masks: readonly MaskEvidence[],
): Candidate {
  const coding: MaskCoding = Object.assign({}, reading.coding, ...answers.map(({ change }) => change));
  const outcomes = masks.map((mask) => outcomeOf(mask, coding));
  const pixels = new Array<number>(256).fill(0);
  for (const outcome of outcomes)
    outcome.pixels.forEach((count, index) => {
      pixels[index]! += count;
    });
  const { classes } = reading;
  const nameOf = (index: number) => (index === IGNORE_INDEX ? index : (classes[index]?.name ?? index));
  const shown = (counts: readonly number[]) =>
    counts.flatMap((count, index) => (count > 0 ? [`${nameOf(index)}=${count}`] : [])).sort();
  return {
    reading,
    ...(reading.proposedMeta ? { proposedMeta: reading.proposedMeta } : {}),
    classes,
    coding,
    pixels,
    unknown: outcomes.reduce((total, { unknown }) => total + unknown, 0),
    signature: JSON.stringify(outcomes.map((outcome) => shown(outcome.pixels))),
    answers: answers.map(({ name }, i) => ({
      isSaid: questions[i]!.isSaid,
      at: questions[i]!.answers.findIndex((answer) => answer.name === name),
      of: questions[i]!.answers[0]!.name,
    })),
    chosen: [reading.name, ...answers.map(({ name }) => name)].flatMap((name) => name ?? []),
    notices: [...reading.notices, ...answers.flatMap(({ notice }) => notice ?? [])],
  };
}

const showsSomething = ({ pixels }: Candidate) =>
  pixels.some((count, index) => index > 0 && index !== IGNORE_INDEX && count > 0);

/** Those that are read as other data was, as far as that fits. */
function preferring(
  candidates: readonly Candidate[],
  preferred: readonly ReadingName[],
  assumed: readonly ReadingName[],
): Candidate[] {
  let left = [...candidates];
  for (const name of preferred) {
    if (assumed.includes(name)) continue;
    const alike = left.filter(({ chosen }) => chosen.includes(name));
    if (alike.length > 0) left = alike;
  }
  return left;
}

/** Of a question whose answer the files say, the first answer that fits. */
function believing(candidates: readonly Candidate[]): Candidate[] {
  let left = [...candidates];
  const questions = new Set(
    left.flatMap(({ answers }) => answers.filter(({ isSaid }) => isSaid).map(({ of }) => of)),
  );
  for (const question of questions) {
    const placeIn = ({ answers }: Candidate) => answers.find(({ of }) => of === question)?.at ?? 0;
    const first = Math.min(...left.map(placeIn));
    left = left.filter((one) => placeIn(one) === first);
  }
  return left;
}

const SHOWN_CLASSES = 6;

function undecided(root: string, ways: readonly Candidate[], masks: number): OtxError {
  const shared = ways[0]!.chosen.filter((name) => ways.every(({ chosen }) => chosen.includes(name)));
  const lines = ways.map((way) => {
    const names = way.chosen.filter((name) => !shared.includes(name));
    const means = names.map((name) => READINGS[name]).join(', and ');
    return `  ${option('assume')} ${names.join(',')}: ${means}: ${sharesOf(way)}`;
  });
  return new OtxError(
    'dataset',
    `${root}: its ${masks} masks can be read in ${ways.length} ways, which differ in what is learned, and the files do not ` +
      `say which is meant; choose one on the command line, in the configuration file (assume: ${ways[0]!.chosen.find((name) => !shared.includes(name))}) or in the API\n` +
      lines.join('\n'),
  );
}

/** "background 75.0 %, cat 25.0 %" */
function sharesOf({ classes, pixels }: Candidate): string {
  const total = sum(pixels);
  const share = (index: number) => `${((100 * (pixels[index] ?? 0)) / total).toFixed(1)} %`;
  const shown = classes
    .map(({ name }, index) => `${printableLine(name)} ${share(index)}`)
    .slice(0, SHOWN_CLASSES);
  if (classes.length > SHOWN_CLASSES) shown.push(`${classes.length - SHOWN_CLASSES} more`);
  if (pixels[IGNORE_INDEX]! > 0) shown.push(`ignored ${share(IGNORE_INDEX)}`);
  return shown.join(', ');
}
