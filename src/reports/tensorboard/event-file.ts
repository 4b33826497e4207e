/** @file Event files that TensorBoard reads while the run goes on, and that a resumed run continues. */

import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { outputError } from '../../base/atomic.js';
import { OtxError } from '../../base/errors.js';
import type { Outputs } from '../../base/outputs/outputs.js';
import { type FileKind, MOST_BYTES, readBytesOf } from '../../base/read-file.js';
import {
  type Event,
  EventSchema,
  SessionLog_SessionStatus,
  SessionLogSchema,
  Summary_ImageSchema,
  Summary_ValueSchema,
  SummarySchema,
} from './event_pb.js';
import { frameRecord, readRecords } from './records.js';

/** TensorBoard finds files by this part of their name, and reads them in the order of their names. */
const NAME = 'events.out.tfevents.';
/** Other programs may keep theirs beside. */
const OWN = /^events\.out\.tfevents\.\d{14}\.otx$/;
const EVENTS_KIND: FileKind = {
  code: 'output',
  expected: 'events of a training',
  maxBytes: MOST_BYTES.events,
};
const FORMAT = 'brain.Event:2';
const RGB = 3;

/** A PNG or JPEG file and its size. */
export interface EncodedImage {
  readonly width: number;
  readonly height: number;
  readonly file: Uint8Array;
}

/** Collects events in memory; `flush` appends them to the file. */
export interface EventFile {
  readonly path: string;
  /** Values that are not finite are left out: TensorBoard cannot draw them. */
  scalars(step: number, values: Readonly<Record<string, number>>): void;
  image(step: number, tag: string, image: EncodedImage): void;
  /** @throws OtxError `output`; the events are then kept for the next attempt. */
  flush(): Promise<void>;
}

/**
 * Starts a new event file; nothing is written before the first `flush`.
 *
 * @param resumedStep the last step that counts when an earlier run goes on: TensorBoard drops what it has of later ones.
 */
export function createEventFile(outputs: Outputs, resumedStep?: number, now = () => Date.now()): EventFile {
  const path = outputs.path(`${NAME}${String(now()).padStart(14, '0')}.otx`);
  let pending: Uint8Array[] = [];
  let flushing: Promise<void> = Promise.resolve();
  const add = (step: number, what: Event['what']) => {
    const event = create(EventSchema, { wallTime: now() / 1000, step: BigInt(step), what });
    pending.push(frameRecord(toBinary(EventSchema, event)));
  };
  add(0, { case: 'fileVersion', value: FORMAT });
  if (resumedStep !== undefined) {
    const value = create(SessionLogSchema, { status: SessionLog_SessionStatus.START });
    add(resumedStep + 1, { case: 'sessionLog', value });
  }

  const append = async () => {
    const records = pending;
    if (records.length === 0) return;
    pending = [];
    try {
      await outputs.append(path, Buffer.concat(records));
    } catch (error) {
      pending = [...records, ...pending];
      throw error;
    }
  };

  return {
    path,
    scalars: (step, values) => {
      const value = Object.entries(values)
        .filter(([, number]) => Number.isFinite(number))
        .map(([tag, number]) =>
          create(Summary_ValueSchema, { tag, value: { case: 'simpleValue', value: number } }),
        );
      if (value.length > 0) add(step, { case: 'summary', value: create(SummarySchema, { value }) });
    },
    image: (step, tag, { width, height, file }) => {
      const image = create(Summary_ImageSchema, { width, height, colorspace: RGB, encodedImageString: file });
      const value = create(Summary_ValueSchema, { tag, value: { case: 'image', value: image } });
      add(step, { case: 'summary', value: create(SummarySchema, { value: [value] }) });
    },
    flush: () => {
      // Records must not interleave; a failed attempt is reported to whoever made it only.
      flushing = flushing.catch(() => undefined).then(append);
      return flushing;
    },
  };
}

/**
 * Every event of a file.
 *
 * @throws OtxError `output` for a file that does not hold what it should.
 */
export async function readEvents(path: string): Promise<Event[]> {
  const file = new Uint8Array(await readBytesOf(path, EVENTS_KIND));
  return Array.from(readRecords(file, path), ({ data }) => fromBinary(EventSchema, data));
}

/** Whether a file has such a name and begins with whole events. */
export async function isEventFile(path: string): Promise<boolean> {
  if (!OWN.test(basename(path))) return false;
  const file = await readBytesOf(path, EVENTS_KIND).catch(() => undefined);
  return file !== undefined && keptRecords(new Uint8Array(file), path, 0).length > 0;
}

/**
 * Takes out of the event files of a run what comes after the last step that counts, and a record that a killed process
 * left half written, so that a resumed run leaves every step once.
 *
 * @throws OtxError `output` when a file cannot be read or written.
 */
export async function truncateEvents(outputs: Outputs, lastStep: number): Promise<void> {
  const names = (await readdir(outputs.root)).filter((name) => OWN.test(name));
  for (const name of names) {
    const path = outputs.path(name);
    try {
      const file = new Uint8Array(await readBytesOf(path, EVENTS_KIND));
      const kept = Buffer.concat(keptRecords(file, path, lastStep));
      if (kept.length === file.length) continue;
      await outputs.write(path, kept);
    } catch (error) {
      throw error instanceof OtxError ? error : outputError(path, error);
    }
  }
}

/** Pictures are drawn beside the training and can come after later steps, so the whole file is looked through. */
function keptRecords(file: Uint8Array, path: string, lastStep: number): Uint8Array[] {
  const kept: Uint8Array[] = [];
  let start = 0;
  try {
    for (const { data, end } of readRecords(file, path)) {
      if (fromBinary(EventSchema, data).step <= BigInt(lastStep)) kept.push(file.subarray(start, end));
      start = end;
    }
  } catch {
    // The records before the damage are good.
  }
  return kept;
}
