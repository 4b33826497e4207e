/** @file Shapes from what a file says, whatever it says. */
import { MAX_PIXELS } from '../../images/decoder.js';
import type { PolygonShape, RunsShape } from './shape.js';

/** Why a part of a file is not what it should be, as a predicate: "has the number NaN". */
export class Wrong extends Error {}

/** Corners that enclose something. */
const FEWEST_CORNERS = 3;

/** @throws Wrong */
export function finite(value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw new Wrong(`has ${JSON.stringify(value)} where a number is expected`);
}

/** @throws Wrong */
export function wholeNumber(value: unknown): number {
  const number = finite(value);
  if (Number.isInteger(number) && number >= 0 && number <= MAX_PIXELS) return number;
  throw new Wrong(`has ${number} where a whole number is expected`);
}

/**
 * A ring of x0, y0, x1, y1, ...
 *
 * @param factor of every coordinate.
 * @returns undefined for fewer than three corners, which enclose nothing.
 * @throws Wrong
 */
export function ring(values: unknown, factor = 1): Float64Array | undefined {
  if (!Array.isArray(values)) throw new Wrong('has no list of corners');
  if (values.length % 2 !== 0) throw new Wrong(`has ${values.length} coordinates, which are no pairs`);
  if (values.length < 2 * FEWEST_CORNERS) {
    values.forEach(finite);
    return undefined;
  }
  return Float64Array.from(values, (value) => finite(value) * factor);
}

/** The same of pairs [[x, y], ...]. @throws Wrong */
export function ringOfPairs(values: unknown, factor = 1): Float64Array | undefined {
  if (!Array.isArray(values)) throw new Wrong('has no list of corners');
  const isPair = (pair: unknown): pair is unknown[] => Array.isArray(pair) && pair.length === 2;
  if (!values.every(isPair)) throw new Wrong('has a corner that is no pair of numbers');
  return ring(values.flat(), factor);
}

/** Corners of the polygon that a circle or an ellipse is drawn as. */
const ROUND_CORNERS = 256;

/**
 * An ellipse as a polygon.
 *
 * @param turn of its first radius from the x axis, clockwise as seen, in degrees.
 * @throws Wrong
 */
export function ellipse(
  [x, y]: readonly [number, number],
  [first, second]: readonly [number, number],
  turn: number,
  classIndex: number,
): PolygonShape | undefined {
  const [cos, sin] = [Math.cos((turn * Math.PI) / 180), Math.sin((turn * Math.PI) / 180)];
  const corners = Array.from({ length: ROUND_CORNERS }, (_, i) => {
    const angle = (2 * Math.PI * i) / ROUND_CORNERS;
    const [along, across] = [first * Math.cos(angle), second * Math.sin(angle)];
    return [x + along * cos - across * sin, y + along * sin + across * cos];
  });
  return polygon([ring(corners.flat())], classIndex);
}

/** A polygon of rings, without those that enclose nothing; undefined where none is left. */
export function polygon(
  rings: readonly (Float64Array | undefined)[],
  classIndex: number,
  unit: PolygonShape['unit'] = 'pixels',
): PolygonShape | undefined {
  const closed = rings.filter((each) => each !== undefined);
  const far =
    unit === 'fraction' && closed.flatMap((each) => each.find((value) => value < -1 || value > 2) ?? [])[0];
  if (typeof far === 'number') {
    throw new Wrong(`has a coordinate ${far} times as far as its image is wide or high; is it in pixels?`);
  }
  return closed.length === 0 ? undefined : { kind: 'polygon', classIndex, rings: closed, unit };
}

/**
 * Run lengths over a box.
 *
 * @param counts as numbers.
 * @throws Wrong for numbers that are no counts, or more pixels than the box has.
 */
export function runs(counts: readonly unknown[], box: Omit<RunsShape, 'kind' | 'counts'>): RunsShape {
  const parsed = Uint32Array.from(counts, wholeNumber);
  const room = box.width * box.height;
  let total = 0;
  for (const count of parsed) total += count;
  if (total > room) {
    throw new Wrong(`has run lengths of ${total} pixels for ${box.width}x${box.height}, which has ${room}`);
  }
  return { kind: 'runs', ...box, counts: parsed };
}

/**
 * Run lengths of COCO: a list, or the text that its tools compress it to.
 *
 * @param segmentation `{ counts, size: [height, width] }`
 * @throws Wrong
 */
export function cocoRuns(segmentation: unknown, classIndex: number): RunsShape {
  const { counts, size } = (segmentation ?? {}) as { counts?: unknown; size?: unknown };
  if (!Array.isArray(size) || size.length !== 2)
    throw new Wrong('has run lengths without a size [height, width]');
  const [height, width] = size.map(wholeNumber) as [number, number];
  const box = { classIndex, order: 'columns', left: 0, top: 0, width, height } as const;
  if (typeof counts === 'string') return runs(decompressed(counts), box);
  if (Array.isArray(counts)) return runs(counts, box);
  throw new Wrong('has run lengths that are neither a list nor a text');
}

const BITS = 5;
const MORE = 0x20;
const SIGN = 0x10;
const FIRST_CHARACTER = 48;
/** Digits of a number of 32 bits. */
const MOST_DIGITS = 7;

/** Numbers of five bits a character; from the fourth on, differences to the one before the last. @throws Wrong */
function decompressed(text: string): number[] {
  const counts: number[] = [];
  for (let at = 0; at < text.length; ) {
    let value = 0;
    let digits = 0;
    for (let hasMore = true; hasMore; digits++) {
      const digit = text.charCodeAt(at++) - FIRST_CHARACTER;
      if (!(digit >= 0 && digit < 64) || digits === MOST_DIGITS) {
        throw new Wrong('has compressed run lengths that are damaged');
      }
      value |= (digit & 0x1f) << (BITS * digits);
      hasMore = (digit & MORE) !== 0;
      if (!hasMore && (digit & SIGN) !== 0 && digits + 1 < MOST_DIGITS) value |= -1 << (BITS * (digits + 1));
    }
    counts.push(counts.length > 2 ? value + counts[counts.length - 2]! : value);
  }
  return counts;
}

/** The undoing of that. */
export function compressed(counts: ArrayLike<number>): string {
  let text = '';
  for (let i = 0; i < counts.length; i++) {
    let value = i > 2 ? counts[i]! - counts[i - 2]! : counts[i]!;
    for (let hasMore = true; hasMore; ) {
      const digit = value & 0x1f;
      value >>= BITS;
      hasMore = (digit & SIGN) !== 0 ? value !== -1 : value !== 0;
      text += String.fromCharCode((hasMore ? digit | MORE : digit) + FIRST_CHARACTER);
    }
  }
  return text;
}

/** Run lengths of the pixels with a label, and the other way round. */
export function countsOf(
  labels: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
  label: number,
  order: RunsShape['order'],
): number[] {
  const counts: number[] = [];
  let isInside = false;
  let run = 0;
  for (let i = 0; i < labels.length; i++) {
    const at = order === 'rows' ? i : (i % height) * width + Math.floor(i / height);
    if ((labels[at] === label) !== isInside) {
      counts.push(run);
      run = 0;
      isInside = !isInside;
    }
    run++;
  }
  counts.push(run);
  return counts;
}
