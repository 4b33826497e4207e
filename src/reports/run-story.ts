/** @file What a run has told, read from its `events.jsonl` as one story: all that a report of it needs, in bounded memory. */

import { join } from 'node:path';
import { MOST_BYTES, piecesOf, Unreadable } from '../base/read-file.js';
import type { DataEvent, EndEvent, EpochEvent, StartEvent } from '../runs/events.js';
import { EVENTS_FILE, type LoggedEvent } from './event-log.js';

/** Points that the curve of the loss has at most; of more, every second one is left out. */
const MOST_POINTS = 2000;
/** Notes that are kept; of more nobody reads all. */
const MOST_NOTES = 200;
const LONGEST_LINE = 2 ** 24;

/** What a run has told so far. */
export interface RunStory {
  /** Of its first and last event, ISO 8601; undefined for a run that has told nothing. */
  began?: string;
  last?: string;
  /** How it began or went on the last time. */
  start?: StartEvent;
  /** How often it went on after an interruption. */
  resumes: number;
  /** What was found in the data, by subset. */
  readonly data: Map<DataEvent['subset'], DataEvent['report']>;
  /** Each once. */
  notes: string[];
  /** Step through all epochs, and its loss. */
  steps: (readonly [step: number, loss: number])[];
  epochs: EpochEvent[];
  /** Undefined for a run that is under way, or was interrupted. */
  end?: EndEvent;
}

/**
 * Reads the story of a run.
 *
 * @param run its folder.
 * @returns an empty one for a run that keeps no events.
 */
export async function readStory(run: string): Promise<RunStory> {
  const story: RunStory = { resumes: 0, data: new Map(), notes: [], steps: [], epochs: [] };
  const thinner = { every: 1 };
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const piece of piecesOf(join(run, EVENTS_FILE), MOST_BYTES.events)) {
      const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
      rest = (lines.pop() ?? '').slice(0, LONGEST_LINE);
      for (const line of lines) take(story, line, thinner);
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
  }
  return story;
}

function take(story: RunStory, line: string, thinner: { every: number }): void {
  let event: LoggedEvent | null;
  try {
    event = JSON.parse(line) as LoggedEvent | null;
  } catch {
    return;
  }
  if (typeof event !== 'object' || event === null) return;
  if (typeof event.time === 'string') {
    story.began ??= event.time;
    story.last = event.time;
  }
  switch (event.type) {
    case 'start':
      if (story.start) story.resumes += 1;
      story.start = event;
      break;
    case 'data':
      story.data.set(event.subset, event.report);
      break;
    case 'notice':
      if (!story.notes.includes(event.message) && story.notes.length < MOST_NOTES)
        story.notes.push(event.message);
      break;
    case 'step':
      addStep(story, (event.epoch - 1) * event.stepsPerEpoch + event.step, event.loss, thinner);
      break;
    case 'epoch':
      story.epochs = [...story.epochs.filter(({ epoch }) => epoch < event.epoch), event];
      break;
    case 'end':
      story.end = event;
      break;
  }
}

function addStep(story: RunStory, step: number, loss: number, thinner: { every: number }): void {
  if (step % thinner.every !== 0 || typeof loss !== 'number') return;
  story.steps.push([step, loss]);
  if (story.steps.length <= MOST_POINTS) return;
  thinner.every *= 2;
  story.steps = story.steps.filter(([each]) => each % thinner.every === 0);
}
