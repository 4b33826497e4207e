/** @file The study that a run belongs to, or that a folder is: its trainings side by side, and what was concluded. */

import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../base/parse-json.js';
import { MOST_BYTES, readTextOf } from '../base/read-file.js';
import { STUDY_RESULTS_FILE } from '../runs/find-runs.js';
import { type RunFacts, readRun } from '../studies/run-facts.js';
import { bestRun, type ScoreSpread, scoreSpread } from '../studies/spread.js';
import { STUDY_KINDS, type StudyKind } from '../studies/study.js';

const STUDY_FILE = 'study.json';
const KIND = { code: 'output', expected: 'the file of a study', maxBytes: MOST_BYTES.json } as const;
const RESULTS_KIND = { ...KIND, maxBytes: MOST_BYTES.csv } as const;

const headSchema = z.looseObject({ otx: z.literal('study'), kind: z.enum(STUDY_KINDS) });
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const score = z.number().nullish();
const resultsSchema = z.looseObject({
  best: z.union([z.string(), z.looseObject({ name: z.string() })]).optional(),
  outOfFold: z.looseObject({ metrics: z.looseObject({ mDice: score, mIoU: score }) }).optional(),
  trials: z.array(z.looseObject({ name: z.string(), values: z.record(z.string(), scalar) })).default([]),
  baseline: z.looseObject({ name: z.string() }).optional(),
  gain: score,
  deviation: score,
  isBetter: z.boolean().optional(),
  chosen: z.record(z.string(), scalar).optional(),
});

type Told = z.infer<typeof resultsSchema>;

/** A training of a study. */
export interface StudyMember extends RunFacts {
  readonly name: string;
  /** Of the settings that a search is about. */
  readonly values: Readonly<Record<string, string | number | boolean>>;
}

/** A study. */
export interface StudyRecord {
  /** Absolute. */
  readonly folder: string;
  readonly kind: StudyKind;
  /** Those that have begun, in natural order. */
  readonly members: readonly StudyMember[];
  /** Over those that are over, where they are of one thing. */
  readonly spread: ScoreSpread | undefined;
  /** Name of the best member. */
  readonly best: string | undefined;
  /** What was concluded, a sentence each. */
  readonly verdict: readonly string[];
  /** Chart of a search, absolute. */
  readonly chart: string | undefined;
}

/** The studies that a run is a part of, or has: below it, or two folders above. */
export async function studiesOf(run: string): Promise<StudyRecord[]> {
  const places = [dirname(dirname(resolve(run))), join(run, 'hpo')];
  const isMember = basename(dirname(resolve(run))) === 'runs';
  const found = await Promise.all(places.slice(isMember ? 0 : 1).map(readStudy));
  return found.flatMap((study) => study ?? []);
}

/** Undefined for a folder that is no study. */
export async function readStudy(given: string): Promise<StudyRecord | undefined> {
  const folder = resolve(given);
  const head = headSchema.safeParse(await jsonOf(join(folder, STUDY_FILE), KIND));
  if (!head.success) return undefined;
  const { kind } = head.data;
  const results = resultsSchema.safeParse(
    (await jsonOf(join(folder, STUDY_RESULTS_FILE), RESULTS_KIND)) ?? {},
  );
  const told = results.success ? results.data : undefined;
  const values = new Map(told?.trials.map((trial) => [trial.name, trial.values]));
  const names = await readdir(join(folder, 'runs')).catch((): string[] => []);
  const members: StudyMember[] = [];
  for (const name of names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))) {
    const facts = await readRun(join(folder, 'runs', name)).catch(() => undefined);
    if (facts) members.push({ name, ...facts, values: values.get(name) ?? {} });
  }
  const isOneThing = kind === 'seeds' || kind === 'cross-validation';
  const over = members.filter(({ finished, name }) => finished !== undefined && name !== 'final');
  const chart = join(folder, 'search.png');
  return {
    ...{ folder, kind, members },
    spread: isOneThing && over.length > 0 ? scoreSpread(over) : undefined,
    best: (typeof told?.best === 'string' ? told.best : told?.best?.name) ?? bestRun(over)?.name,
    verdict: told ? verdictOf(told) : [],
    chart: (await stat(chart).catch(() => undefined))?.isFile() ? chart : undefined,
  };
}

function verdictOf(told: Told): string[] {
  const { best, baseline, outOfFold, gain, deviation, isBetter, chosen } = told;
  const verdict: string[] = [];
  if (outOfFold) {
    const { mDice, mIoU } = outOfFold.metrics;
    verdict.push(
      `All images together, each by the model that has not learned from it: mean Dice ${number(mDice)}, mean IoU ${number(mIoU)}.`,
    );
  }
  const bestName = typeof best === 'string' ? best : best?.name;
  if (baseline && baseline.name === bestName) verdict.push('The default was the best.');
  else if (gain !== null && gain !== undefined) verdict.push(comparison(gain, deviation, isBetter));
  const settings = Object.entries(chosen ?? {}).map(([name, value]) => `${name} ${value}`);
  if (settings.length > 0) verdict.push(`Chosen: ${settings.join(', ')}.`);
  return verdict;
}

function comparison(gain: number, deviation: Told['deviation'], isBetter: boolean | undefined): string {
  const noise = typeof deviation === 'number' ? `; seeds alone make a deviation of ${number(deviation)}` : '';
  const judged =
    isBetter === undefined
      ? ''
      : isBetter
        ? ', which is more than chance'
        : ', which is not more than chance';
  return `The best trial is better than the default by ${number(gain)}${judged}${noise}.`;
}

const number = (value: number | null | undefined): string => value?.toFixed(4) ?? 'unknown';

async function jsonOf(path: string, kind: Parameters<typeof readTextOf>[1]): Promise<unknown> {
  const text = await readTextOf(path, kind).catch(() => undefined);
  try {
    return text === undefined ? undefined : parseJson(text);
  } catch {
    return undefined;
  }
}
