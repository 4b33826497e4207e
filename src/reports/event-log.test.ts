import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Outputs } from '../base/outputs/outputs.js';
import type { TrainEvent } from '../runs/events.js';
import { createEventLog, EVENTS_FILE, isEventLog, type LoggedEvent } from './event-log.js';

let folder: string;
let outputs: Outputs;
let seconds = 0;
const notices: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-events-'));
  outputs = await Outputs.open({ root: folder });
  seconds = 0;
  notices.length = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const begin = (resumed?: { epoch: number; step: number }, to = outputs) => {
  const log = createEventLog(
    (what, work) => work().catch((error) => void notices.push(`${what}: ${error.message}`)),
    () => new Date(1000 * seconds),
  );
  log.begin(to, resumed);
  return log;
};
const text = () => readFile(join(folder, EVENTS_FILE), 'utf8');
const events = async () =>
  (await text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as LoggedEvent);

const notice = (message: string): TrainEvent => ({ type: 'notice', message });
const step = (epoch: number, number: number, loss = 1): TrainEvent => ({
  ...{ type: 'step', epoch, epochs: 9, step: number, stepsPerEpoch: 4, loss, figures: {} },
  ...{ learningRate: 0.1, imagesPerSecond: 1, etaSeconds: 1 },
});

test('every event is a line with its time, numbers that are not finite are null', async () => {
  const log = begin();
  log.add(notice('a\nb'));
  seconds = 3600;
  log.add(step(1, 1, Number.NaN));
  await log.flush();
  expect(await events()).toEqual([
    { time: '1970-01-01T00:00:00.000Z', type: 'notice', message: 'a\nb' },
    { time: '1970-01-01T01:00:00.000Z', ...step(1, 1), loss: null },
  ]);
  expect(await isEventLog(join(folder, EVENTS_FILE))).toBe(true);
});

test('what comes before there is a folder is written when there is one', async () => {
  const log = createEventLog((_, work) => work());
  log.add(notice('early'));
  log.begin(outputs);
  log.add(notice('late'));
  await log.flush();
  expect((await events()).map((event) => 'message' in event && event.message)).toEqual(['early', 'late']);
});

test('progress is noted once a second, and at its end', async () => {
  const log = begin();
  for (let done = 0; done <= 100; done++) {
    seconds = done / 40;
    log.add({ type: 'progress', task: 'validate', done, total: 100 });
  }
  await log.flush();
  expect((await events()).map((event) => 'done' in event && event.done)).toEqual([0, 40, 80, 100]);
});

test('a run that goes on takes back what was told of later steps, and a line that was half written', async () => {
  const log = begin();
  for (const event of [notice('start'), step(1, 4), step(2, 1), notice('middle'), step(2, 2), step(2, 3)])
    log.add(event);
  await log.flush();
  await writeFile(join(folder, EVENTS_FILE), `${await text()}{"type":"ste`);
  const again = begin({ epoch: 1, step: 1 }, await Outputs.open({ root: folder, recognise: isEventLog }));
  again.add(notice('again'));
  again.add(step(2, 2));
  await again.flush();
  expect(notices).toEqual([]);
  const told = (await events()).map((event) =>
    'message' in event
      ? event.message
      : 'step' in event && `${'epoch' in event && event.epoch}.${event.step}`,
  );
  expect(told).toEqual(['start', '1.4', '2.1', 'middle', 'again', '2.2']);
});

test('a file of somebody else is left alone, and said', async () => {
  await writeFile(join(folder, EVENTS_FILE), 'mine\n');
  const log = begin();
  log.add(notice('a'));
  await log.flush();
  expect(await text()).toBe('mine\n');
  expect(notices.join()).toMatch(/events\.jsonl: .*was not written by otx/);
  expect(await isEventLog(join(folder, EVENTS_FILE))).toBe(false);
});
