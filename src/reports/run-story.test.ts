import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readStory } from './run-story.js';

let run: string;
beforeAll(async () => {
  run = await mkdtemp(join(tmpdir(), 'otx-story-'));
});
afterAll(() => rm(run, { recursive: true, force: true }));

const write = (events: readonly object[]) =>
  writeFile(join(run, 'events.jsonl'), events.map((event) => `${JSON.stringify(event)}\n`).join(''));

test('a run without events has an empty story', async () => {
  expect(await readStory(join(run, 'none'))).toMatchObject({ resumes: 0, steps: [], epochs: [], notes: [] });
});

test('a long curve is thinned evenly, and what a resumed run repeats counts once', async () => {
  const steps = Array.from({ length: 9000 }, (_, at) => ({
    ...{ type: 'step', epoch: Math.floor(at / 100) + 1, step: (at % 100) + 1, stepsPerEpoch: 100 },
    loss: at === 500 ? null : at,
  }));
  const epoch = (number: number, loss: number) => ({ type: 'epoch', epoch: number, loss });
  const note = { type: 'notice', message: 'said twice' };
  await write([
    { type: 'start', time: 'first' },
    ...[note, ...steps, epoch(1, 1), epoch(2, 2), { type: 'start', epochs: 3 }],
    ...[epoch(2, 3), note, { type: 'end', time: 'last', reason: 'epochs' }],
  ]);
  const story = await readStory(run);
  expect(story).toMatchObject({ began: 'first', last: 'last', resumes: 1, notes: ['said twice'] });
  expect(story.epochs.map(({ loss }) => loss)).toEqual([1, 3]);
  expect(story.end?.reason).toBe('epochs');
  expect(story.steps.length).toBeGreaterThan(1000);
  expect(story.steps.length).toBeLessThanOrEqual(2000);
  expect(new Set(story.steps.slice(1).map(([at], i) => at - story.steps[i]![0]))).toEqual(new Set([8]));
  expect(story.steps.every(([at, loss]) => loss === at - 1)).toBe(true);
});
