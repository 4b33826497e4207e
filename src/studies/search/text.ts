/** @file What a search has come to, as text for people. */

import { alignedTable } from '../text.js';
import type { TuneResult } from './result.js';

/** Trials that are shown. */
const SHOWN = 10;

const percent = (score: number): string => (Number.isNaN(score) ? '-' : (100 * score).toFixed(2));

/** The best trials, and whether the best is better than the default. */
export function formatSearch(result: TuneResult): string {
  const { trials, baseline, chosen } = result;
  const names = Object.keys(baseline.values);
  const sorted = [...trials].sort((a, b) => b.epochs - a.epochs || b.mDice - a.mDice).slice(0, SHOWN);
  const rows = sorted.map(({ name, values, mDice, epochs }) => [
    name === baseline.name ? `${name} (default)` : name,
    ...names.map((setting) => String(values[setting] ?? '-')),
    ...[percent(mDice), String(epochs)],
  ]);
  const title =
    trials.length > SHOWN
      ? `the ${SHOWN} of ${trials.length} trials that were trained the longest, mean Dice in percent:`
      : `${trials.length} ${trials.length === 1 ? 'trial' : 'trials'}, mean Dice in percent:`;
  const settings = Object.entries(chosen).map(([name, value]) => `${name} ${value}`);
  return [
    title,
    alignedTable([['trial', ...names, 'mean Dice', 'epochs'], ...rows]),
    `\n${verdict(result)}`,
    `chosen: ${settings.length > 0 ? settings.join(', ') : 'the default settings'}`,
  ].join('\n');
}

function verdict({ best, baseline, comparedAt, gain, deviation, isBetter }: TuneResult): string {
  if (comparedAt === undefined) return 'nothing but the default was trained: there was no time for more';
  const epochs = `after ${comparedAt} ${comparedAt === 1 ? 'epoch' : 'epochs'}`;
  const chance = Number.isNaN(deviation)
    ? 'what chance does was not measured, as there was no time for it'
    : `deviation of the default over three seeds: ${percent(deviation)}`;
  if (best.name === baseline.name) return `the default is the best ${epochs} (${chance})`;
  const ahead = `${best.name} is ahead of the default by ${percent(gain)} ${epochs}`;
  if (isBetter === undefined) return `${ahead}; ${chance}`;
  return isBetter
    ? `${ahead}, more than twice the deviation of the default over three seeds (${percent(deviation)})`
    : `${ahead}, no more than twice the deviation of the default over three seeds (${percent(deviation)}): the default is as good`;
}
