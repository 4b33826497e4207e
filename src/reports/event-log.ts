/**
 * @file `events.jsonl`: everything that a training tells, one JSON object a line, as it happens. Other programs follow a run by
 * this file and the pictures that it names.
 */

import { join } from 'node:path';
import type { Outputs } from '../base/outputs/outputs.js';
import { type FileKind, MOST_BYTES, readTextOf } from '../base/read-file.js';
import type { EpochEvent, TrainEvent } from '../runs/events.js';

/** Name of the file in a run folder. */
export const EVENTS_FILE = 'events.jsonl';

const EVENTS_KIND: FileKind = {
  code: 'output',
  expected: 'the events of a training (events.jsonl)',
  maxBytes: MOST_BYTES.events,
};
/** Progress of one kind is noted at least this far apart, besides its end. */
const PROGRESS_SECONDS = 1;

/** A line of the file: the event, and when it happened. */
export type LoggedEvent = TrainEvent & {
  /** ISO 8601, UTC. */
  readonly time: string;
};

/** The file of one run. */
export interface EventLog {
  /** Notes an event; it is written soon after. */
  readonly add: (event: TrainEvent) => void;
  /**
   * Has the file begin, or go on: what was noted before is written with it.
   *
   * @param resumed of a run that goes on: what its file has of later steps is taken out.
   */
  readonly begin: (outputs: Outputs, resumed?: Position) => void;
  /** When all that was noted is written. */
  readonly flush: () => Promise<void>;
}

/** Epochs that are finished, and steps of the next one. */
export interface Position {
  readonly epoch: number;
  readonly step: number;
}

/**
 * @param attempt does work whose failure is told once and stops nothing.
 * @param now for tests.
 */
export function createEventLog(
  attempt: (what: string, work: () => Promise<void>) => Promise<void>,
  now: () => Date = () => new Date(),
): EventLog {
  let pending: string[] = [];
  let outputs: Outputs | undefined;
  let writing: Promise<void> = Promise.resolve();
  const noted = new Map<string, number>();

  const write = async (to: Outputs) => {
    const lines = pending;
    if (lines.length === 0) return;
    pending = [];
    try {
      await to.append(EVENTS_FILE, lines.join(''));
    } catch (error) {
      pending = [...lines, ...pending];
      throw error;
    }
  };
  const schedule = (work: (to: Outputs) => Promise<void>) => {
    const to = outputs;
    if (to) writing = writing.then(() => attempt(EVENTS_FILE, () => work(to)));
  };

  return {
    add: (event) => {
      const time = now();
      if (event.type === 'progress') {
        const { task, done, total } = event;
        const last = noted.get(task);
        if (done < total && last !== undefined && time.getTime() - last < 1000 * PROGRESS_SECONDS) return;
        noted.set(task, time.getTime());
      }
      pending.push(`${JSON.stringify({ time: time.toISOString(), ...event })}\n`);
      // One addition takes all that has come together while the one before was written.
      if (pending.length === 1) schedule(write);
    },
    begin: (to, resumed) => {
      outputs = to;
      if (resumed) schedule(() => takeBack(to, resumed));
      schedule(write);
    },
    flush: () => {
      schedule(write);
      return writing;
    },
  };
}

/** Whether a file is such a log. */
export async function isEventLog(path: string): Promise<boolean> {
  const text = await readTextOf(path, EVENTS_KIND).catch(() => '');
  return eventOf(text.slice(0, text.indexOf('\n')))?.time !== undefined;
}

/**
 * The pixels behind the scores of an epoch, which no checkpoint keeps.
 *
 * @param run its folder.
 * @returns undefined where the epoch was not validated, and for a run without a log.
 */
export async function confusionOf(run: string, epoch: number): Promise<EpochEvent['confusion']> {
  const text = await readTextOf(join(run, EVENTS_FILE), EVENTS_KIND).catch(() => '');
  const line = text.split('\n').findLast((each) => {
    // Most lines are steps, which need not be taken apart.
    const event = each.includes('"epoch"') && each.includes('"confusion"') ? eventOf(each) : undefined;
    return event?.type === 'epoch' && event.epoch === epoch;
  });
  const event = line === undefined ? undefined : eventOf(line);
  return event?.type === 'epoch' ? event.confusion : undefined;
}

/** Takes out what a run has told after the position from which it goes on, and what a killed process left half written. */
async function takeBack(outputs: Outputs, position: Position): Promise<void> {
  if (!(await outputs.isThere(EVENTS_FILE))) return;
  const text = await readTextOf(outputs.path(EVENTS_FILE), EVENTS_KIND);
  const lines = text.split('\n').slice(0, -1);
  const end = lines.findIndex((line) => isBehind(eventOf(line), position));
  const kept = (end < 0 ? lines : lines.slice(0, end)).map((line) => `${line}\n`).join('');
  if (kept !== text) await outputs.write(EVENTS_FILE, kept);
}

function isBehind(event: LoggedEvent | undefined, { epoch, step }: Position): boolean {
  if (!event || event.type === 'end') return true;
  if (event.type === 'epoch') return event.epoch > epoch;
  if (event.type !== 'step') return false;
  return event.epoch > epoch + 1 || (event.epoch === epoch + 1 && event.step > step);
}

function eventOf(line: string): LoggedEvent | undefined {
  try {
    return JSON.parse(line) as LoggedEvent;
  } catch {
    return undefined;
  }
}
