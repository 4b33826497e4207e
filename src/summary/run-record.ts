/** @file All that the folder of a run says of it, gathered for its report. What is missing or damaged is told, and stops nothing. */

import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { messageOf, OtxError } from '../base/errors.js';
import { parseJson } from '../base/parse-json.js';
import { parseYaml } from '../base/parse-text.js';
import { MOST_BYTES, readTextOf } from '../base/read-file.js';
import type { ClassInfo } from '../data/index.js';
import { parseResults, type ResultsTable } from '../drawing/charts/results-table.js';
import { type RunStory, readStory } from '../reports/run-story.js';
import { LAST_FILE, WEIGHTS_FILE } from '../runs/checkpoint.js';
import type { EpochEvent } from '../runs/events.js';
import { HISTORY_KIND, RESULTS_FILE } from '../runs/history.js';
import type { SegmentationMetrics } from '../runs/metrics.js';
import type { RunConfig } from '../runs/run-config.js';
import { commentsIn } from '../runs/yaml-comments.js';
import { type RunFacts, readRun } from '../studies/run-facts.js';

const CONFIG_FILE = 'config.yaml';
const ENVIRONMENT_FILE = 'environment.json';

/** A run as its folder tells it. */
export interface RunRecord {
  /** Absolute. */
  readonly folder: string;
  readonly name: string;
  readonly story: RunStory;
  /** Of its newest checkpoint. */
  readonly facts: RunFacts | undefined;
  readonly config: RunConfig | undefined;
  /** Background first; empty where nothing says them. */
  readonly classes: readonly ClassInfo[];
  /** Of its best epoch. */
  readonly best: BestEpoch | undefined;
  /** Why settings have their values, by group and name; and what was said of all. */
  readonly reasons: ReadonlyMap<string, string>;
  readonly head: string;
  /** Versions and machine. */
  readonly environment: Readonly<Record<string, string | number>>;
  /** Figures of its epochs; undefined before the first. */
  readonly table: ResultsTable | undefined;
  /** What could not be read, a sentence each. */
  readonly problems: readonly string[];
}

/** The scores of a run. */
export interface BestEpoch {
  /** From 1; 0 for given weights that were not beaten. */
  readonly epoch: number;
  readonly metrics: SegmentationMetrics;
  /** Pixels: of the true class of the row, how many were predicted as the class of the column. */
  readonly confusion: EpochEvent['confusion'];
}

/** Whether a folder is that of a run. */
export async function isRunFolder(folder: string): Promise<boolean> {
  const files = [join('models', LAST_FILE), join('models', WEIGHTS_FILE), 'events.jsonl'];
  for (const file of files) {
    if ((await stat(join(folder, file)).catch(() => undefined))?.isFile()) return true;
  }
  return false;
}

/** @throws OtxError `usage` for a folder that is no run's. */
export async function readRunRecord(given: string): Promise<RunRecord> {
  const folder = resolve(given);
  if (!(await isRunFolder(folder))) {
    const what = await readdir(folder).then(
      () => 'is no run folder, as it has neither events.jsonl nor models/',
      () => 'is no folder',
    );
    throw new OtxError('usage', `${given}: ${what}; expected the folder that otx train has written into`);
  }
  const problems: string[] = [];
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      problems.push(messageOf(error));
      return undefined;
    }
  };
  const story = await readStory(folder);
  const facts = await attempt(() => readRun(folder));
  const table = await optional(join(folder, RESULTS_FILE), async (path) =>
    parseResults(await readTextOf(path, HISTORY_KIND)),
  );
  const told = (await optional(join(folder, CONFIG_FILE), (path) => attempt(() => configText(path)))) ?? '';
  const comments = commentsIn(told);
  return {
    ...{ folder, name: basename(folder), story, facts },
    config: facts?.config ?? story.start?.config,
    classes: facts?.classes ?? listOf(story.start?.classes),
    best: await attempt(async () => bestOf(facts, story)),
    ...comments,
    environment:
      (await optional(join(folder, ENVIRONMENT_FILE), (path) => attempt(() => machineOf(path)))) ?? {},
    table: table && table.epochs.length > 0 ? table : undefined,
    problems,
  };
}

/** Events are anybody's. */
const listOf = <T>(value: readonly T[] | undefined): readonly T[] => (Array.isArray(value) ? value : []);

/** Undefined where there is no such file. */
async function optional<T>(path: string, read: (path: string) => Promise<T>): Promise<T | undefined> {
  return (await stat(path).catch(() => undefined))?.isFile() ? read(path) : undefined;
}

/** Only what is YAML is looked at for comments. */
async function configText(path: string): Promise<string> {
  const kind = { code: 'output', expected: 'the configuration of a run', maxBytes: MOST_BYTES.yaml } as const;
  const text = await readTextOf(path, kind);
  parseYaml(text);
  return text;
}

async function machineOf(path: string): Promise<Record<string, string | number>> {
  const kind = { code: 'output', expected: 'the machine of a run', maxBytes: MOST_BYTES.json } as const;
  return z
    .record(z.string(), z.union([z.string(), z.number()]))
    .parse(parseJson(await readTextOf(path, kind)));
}

function bestOf(facts: RunFacts | undefined, { epochs }: RunStory): BestEpoch | undefined {
  const told = epochs.findLast(({ best, metrics }) => best && metrics);
  const epoch = facts?.bestEpoch ?? told?.epoch;
  const metrics = facts?.metrics ?? (told && readable(told.metrics!));
  if (epoch === undefined || !metrics) return undefined;
  return { epoch, metrics, confusion: epochs.find((each) => each.epoch === epoch)?.confusion };
}

/** In events what is no number is null. */
function readable(metrics: SegmentationMetrics): SegmentationMetrics {
  const number = (value: number | null): number => value ?? Number.NaN;
  const { mDice, mIoU, mAcc, aAcc, perClass } = metrics;
  return {
    ...{ mDice: number(mDice), mIoU: number(mIoU), mAcc: number(mAcc), aAcc: number(aAcc) },
    perClass: perClass.map(({ dice, iou, acc, pixels }) => ({
      ...{ dice: number(dice), iou: number(iou), acc: number(acc), pixels },
    })),
  };
}
