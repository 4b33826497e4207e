/** @file What `otx check` prints of a plan for the training, and of labels that a model contradicts. */

import { dirname } from 'node:path';
import { OtxError } from '../../base/errors.js';
import { printableLine } from '../../base/text.js';
import {
  type DatasetExamination,
  formatMetrics,
  type LabelCheck,
  type PlannedTraining,
  parseSetting,
} from '../../index.js';
import { afterLabels, afterPlan } from '../closing.js';
import { formatDuration } from '../progress.js';

/** What `--pilot` means without a number. */
const PILOT_SECONDS = 120;
/** Images that are named; the table has all. */
const NAMED = 10;

/**
 * @param given the text behind `--pilot`, which is that of a switch where nothing stands there; undefined without the flag.
 * @returns undefined for no pilot.
 * @throws OtxError `usage` for what is no time.
 */
export function pilotSeconds(given: string | undefined): number | undefined {
  if (given === undefined || given === 'false') return undefined;
  if (given === 'true') return PILOT_SECONDS;
  try {
    return Number(parseSetting('timeBudgetSeconds', /^[\d.]+$/.test(given) ? `${given}s` : given));
  } catch (cause) {
    throw new OtxError('usage', `--pilot ${given}: expected a time such as 90s, 5m, or a number of seconds`, {
      cause,
    });
  }
}

/** Values, times and how to go on. */
export function planLines(
  { values, summary, classes, pilot, time, file }: PlannedTraining,
  columns: number,
): string {
  const names = classes.map(({ name }) => name);
  const width = Math.max(...values.map(({ name }) => name.length));
  return [
    'suggested for a training:',
    ...values.map(({ name, value }) => `  ${name.padEnd(width)}  ${value}`),
    ...summary,
    ...(pilot ? [`by class, after the pilot:\n${formatMetrics(pilot.metrics, names, columns)}`] : []),
    ...(time && !pilot
      ? [
          `--pilot trains for ${formatDuration(PILOT_SECONDS)}, about ${time.pilotSteps} steps at a small input, and says what they reach`,
        ]
      : []),
    ...(file === undefined
      ? []
      : [`written ${file}, with the reason for each value`, `\n${afterPlan(file)}`]),
  ].join('\n');
}

/** The images to look at first. */
export function suspectLines({ images, table }: LabelCheck): string {
  const suspect = images.filter(({ score }) => score > 0).slice(0, NAMED);
  const lines = suspect.map(({ name, subset, share, changes: [largest] }, at) => {
    const place = String(at + 1).padStart(3);
    const path = printableLine(subset === '' ? name : `${subset}/${name}`);
    const change =
      largest && `, mostly ${printableLine(largest.from)} that looks like ${printableLine(largest.to)}`;
    return `${place}  ${path}: ${(100 * share).toFixed(1)} %${change ?? ''}`;
  });
  const [first] = suspect.flatMap(({ picture }) => picture ?? []);
  return [
    suspect.length === 0
      ? 'labels: the model contradicts none of them'
      : 'labels that the model contradicts most, with the share of the image:',
    ...lines,
    ...(table === undefined ? [] : [`written ${table}, with all images`]),
    ...(first === undefined ? [] : [`\n${afterLabels(dirname(first))}`]),
  ].join('\n');
}

/** @throws OtxError `dataset` where a training would refuse files, for which there is nothing to plan. */
export function checkUsable({ findings }: DatasetExamination): void {
  const bad = findings.filter(({ kind }) => kind === 'unusable').length;
  if (bad === 0) return;
  throw new OtxError(
    'dataset',
    `no plan is made: ${bad === 1 ? 'a file' : `${bad} files`} (above) cannot be used; mend, replace or remove ${bad === 1 ? 'it' : 'them'}, then check again`,
  );
}

/** Flags of one of the two things that the command does. */
const ONLY_PLANNED = ['valDataRoots', 'timeBudget', 'pilot', 'html'];
const ONLY_RANKED = ['list'];

/** @throws OtxError `usage` for flags that would be passed over. */
export function checkFlags(flags: Readonly<Record<string, unknown>>): void {
  const isRanked = flags.loadWeights !== undefined;
  const idle = (isRanked ? ONLY_PLANNED : ONLY_RANKED).find((name) => flags[name] !== undefined);
  if (idle === undefined) return;
  const flag = `--${idle.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new OtxError(
    'usage',
    `${flag} has no use ${isRanked ? 'beside' : 'without'} --load-weights, with which labels are compared with a model; ` +
      `leave ${isRanked ? 'one of them' : flag} out`,
  );
}
