/** @file `search.png`: the score of each trial against each setting, and on its way through the epochs. */

import { element } from '../svg.js';
import { type Axis, axisFor } from './axis.js';
import { drawChart, FAINT, GRID, INK, LINES, label, line, shortNumber, title } from './draw.js';

/** A trial. */
export interface DrawnTrial {
  readonly values: Readonly<Record<string, number | string | boolean>>;
  /** Validations, in order. */
  readonly scores: readonly { readonly epoch: number; readonly mDice: number }[];
  readonly isBest: boolean;
}

/** A setting, and what it may be: one of several values, or numbers. */
export interface DrawnSetting {
  readonly name: string;
  readonly range:
    | readonly (number | string | boolean)[]
    | { readonly min: number; readonly max: number; readonly log?: boolean | undefined };
}

const WIDTH = 420;
const HEIGHT = 340;
const LEFT = 64;
const TOP = 48;
const RIGHT = WIDTH - 20;
const BOTTOM = HEIGHT - 50;
const COLUMNS = 3;
const [DEFAULT_COLOR, BEST_COLOR] = [LINES[0]!, LINES[1]!];

/**
 * A panel for each setting and one for the epochs. The default is drawn in blue, the best in orange, the larger the longer.
 *
 * @param trials the default first.
 * @returns a PNG file
 */
export function drawSearch(
  trials: readonly DrawnTrial[],
  settings: readonly DrawnSetting[],
): Promise<Uint8Array> {
  const scored = trials
    .map((trial, at) => ({ ...trial, isFirst: at === 0 }))
    .filter(({ scores }) => scores.length > 0);
  const y = axisFor(
    scored.flatMap(({ scores }) => scores.map(({ mDice }) => mDice)),
    { from: BOTTOM, to: TOP },
  );
  const panels = [epochsPanel(scored, y), ...settings.map((setting) => settingPanel(scored, setting, y))];
  const columns = Math.min(COLUMNS, panels.length);
  const placed = panels.map((body, at) => {
    const place = `translate(${(at % columns) * WIDTH} ${Math.floor(at / columns) * HEIGHT})`;
    return element('g', { transform: place }, body);
  });
  return drawChart(columns * WIDTH, Math.ceil(panels.length / columns) * HEIGHT, placed.join(''));
}

interface ScoredTrial extends DrawnTrial {
  readonly isFirst: boolean;
}

const colorOf = ({ isBest, isFirst }: ScoredTrial): string =>
  isBest ? BEST_COLOR : isFirst ? DEFAULT_COLOR : FAINT;

function frame(words: string, unit: string, y: Axis): string {
  const rows = y.ticks.map(
    (tick) =>
      line(LEFT, y.at(tick), RIGHT, y.at(tick), GRID) +
      label(LEFT - 8, y.at(tick), shortNumber(tick), { size: 12, anchor: 'end' }),
  );
  return [
    title(20, 24, words),
    ...rows,
    line(LEFT, BOTTOM, RIGHT, BOTTOM, FAINT),
    label((LEFT + RIGHT) / 2, BOTTOM + 36, unit, { size: 12, color: FAINT, anchor: 'middle' }),
  ].join('');
}

const tickLabel = (at: number, words: string): string =>
  line(at, BOTTOM, at, BOTTOM + 5, FAINT) + label(at, BOTTOM + 16, words, { size: 12, anchor: 'middle' });

function epochsPanel(trials: readonly ScoredTrial[], y: Axis): string {
  const last = Math.max(1, ...trials.flatMap(({ scores }) => scores.map(({ epoch }) => epoch)));
  const x = axisFor([], { from: LEFT, to: RIGHT, min: 0, max: last, whole: true });
  const ticks = x.ticks.map((tick) => tickLabel(x.at(tick), String(tick)));
  // The best and the default over the others.
  const sorted = [...trials].sort((a, b) => Number(a.isBest || a.isFirst) - Number(b.isBest || b.isFirst));
  const lines = sorted.map((trial) => {
    const points = trial.scores.map(
      ({ epoch, mDice }) => `${x.at(epoch).toFixed(1)},${y.at(mDice).toFixed(1)}`,
    );
    const path = { d: `M${points.join('L')}`, fill: 'none', stroke: colorOf(trial), 'stroke-width': 1.5 };
    return element('path', path);
  });
  const names = [
    label(RIGHT, 24, 'best', { color: BEST_COLOR, anchor: 'end' }),
    label(RIGHT - 40, 24, 'default', { color: DEFAULT_COLOR, anchor: 'end' }),
  ];
  return [frame('Mean Dice', 'epoch', y), ...ticks, ...lines, ...names].join('');
}

function settingPanel(trials: readonly ScoredTrial[], { name, range }: DrawnSetting, y: Axis): string {
  const { ticks, at } = Array.isArray(range) ? wordsAxis(range) : numbersAxis(range as Numbers, trials, name);
  const longest = Math.max(...trials.map(({ scores }) => scores.at(-1)!.epoch));
  const dots = trials.flatMap((trial) => {
    const cx = at(trial.values[name]);
    if (cx === undefined) return [];
    const cy = y.at(Math.max(...trial.scores.map(({ mDice }) => mDice)));
    const r = 3 + 4 * Math.sqrt(trial.scores.at(-1)!.epoch / longest);
    return [element('circle', { cx, cy, r, fill: colorOf(trial), stroke: INK, 'stroke-width': 0.5 })];
  });
  return [frame(name, 'larger dots: more epochs', y), ...ticks, ...dots].join('');
}

interface Placed {
  readonly ticks: readonly string[];
  /** Undefined for a value that is not on the axis. */
  readonly at: (value: unknown) => number | undefined;
}
type Numbers = { readonly min: number; readonly max: number; readonly log?: boolean | undefined };

/** The default may lie outside of what is searched. */
function numbersAxis({ min, max, log }: Numbers, trials: readonly DrawnTrial[], name: string): Placed {
  const numbers = trials.map(({ values }) => Number(values[name])).filter(Number.isFinite);
  const scale = (value: number) => (log ? Math.log10(value) : value);
  const ends = [scale(Math.min(min, ...numbers)), scale(Math.max(max, ...numbers))] as const;
  if (!ends.every(Number.isFinite)) return numbersAxis({ min, max }, trials, name);
  const x = axisFor([], { from: LEFT + 12, to: RIGHT - 12, min: ends[0], max: ends[1], count: 4 });
  const ticks = x.ticks.map((tick) =>
    tickLabel(x.at(tick), shortNumber(Number((log ? 10 ** tick : tick).toPrecision(2)))),
  );
  return { ticks, at: (value) => (typeof value === 'number' ? x.at(scale(value)) : undefined) };
}

function wordsAxis(values: readonly unknown[]): Placed {
  const place = (at: number) => LEFT + ((RIGHT - LEFT) * (at + 0.5)) / values.length;
  return {
    ticks: values.map((value, at) => tickLabel(place(at), String(value))),
    at: (value) => (values.includes(value) ? place(values.indexOf(value)) : undefined),
  };
}
