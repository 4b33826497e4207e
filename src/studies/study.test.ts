import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OtxError } from '../base/errors.js';
import type { TaskEvent } from './events.js';
import { Study } from './study.js';
import { type Task, workOn } from './work.js';

let folder: string;
let root: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-study-'));
  root = join(folder, 'study');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (request: Record<string, unknown> = { template: 'T' }) =>
  Study.enter({ root, kind: 'seeds', request });

/** Tasks that take a moment, and say who has done them. */
function tasksOf(names: readonly string[], ends: Map<string, string[]>, who: string): () => Promise<Task[]> {
  return async () =>
    names.map((name) => ({
      name,
      isDone: async () => ends.has(name),
      isBegun: async () => false,
      perform: async () => {
        await sleep(20);
        ends.set(name, [...(ends.get(name) ?? []), who]);
        return `by ${who}`;
      },
    }));
}

test('a plan is made once, and any process finds it in natural order', async () => {
  const [one, two] = [await open(), await open()];
  const made = await Promise.all([one.plan('t10', 'seed: 1\n'), two.plan('t10', 'seed: 1\n')]);
  expect(made.sort()).toEqual([false, true]);
  await two.plan('t9', 'seed: 2\n');
  expect(await one.names()).toEqual(['t9', 't10']);
  await expect(one.plan('../t', '')).rejects.toThrow('is no name for a training of a study');
  await Promise.all([one.write('results.json', 'one'), two.write('results.json', 'two')]);
  await one.close();
  await two.close();
  expect((await readdir(root)).sort()).toEqual(['.otx-manifest.jsonl', 'plan', 'results.json', 'study.json']);
});

test('several processes share the tasks, and each is done once', async () => {
  const names = Array.from({ length: 9 }, (_, at) => `t${at}`);
  const ends = new Map<string, string[]>();
  const studies = [await open(), await open(), await open()];
  const left = await Promise.all(
    studies.map(async (study, at) => {
      await study.plan('t0', '');
      return workOn(study, { tasks: tasksOf(names, ends, `p${at}`) });
    }),
  );
  expect(left).toEqual([[], [], []]);
  expect([...ends.values()].map(({ length }) => length)).toEqual(names.map(() => 1));
  expect(new Set([...ends.values()].flat()).size).toBe(3);
  for (const study of studies) await study.close();
  expect((await readdir(join(root, 'plan'))).filter((file) => file.endsWith('.claim'))).toEqual([]);
});

test('who does not wait leaves what others are at, and who waits is stopped by the signal', async () => {
  const [one, two] = [await open(), await open()];
  await one.plan('t', '');
  const claim = await one.take('t');
  const ends = new Map<string, string[]>();
  const tasks = tasksOf(['t'], ends, 'two');
  expect(await workOn(two, { tasks, wait: false })).toEqual(['t']);
  const stop = new AbortController();
  const told: string[] = [];
  const waiting = workOn(two, {
    tasks,
    signal: stop.signal,
    onEvent: (event) => {
      told.push((event as TaskEvent).state);
      stop.abort();
    },
  });
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
  expect(told).toEqual(['elsewhere']);
  if ('release' in claim) await claim.release();
  expect(await workOn(two, { tasks })).toEqual([]);
  expect(ends.get('t')).toEqual(['two']);
});

test('what can never succeed is noted and not tried again; another failure ends the work', async () => {
  const study = await open();
  let tries = 0;
  let code: 'numeric' | 'engine' = 'numeric';
  const task: Task = {
    name: 'diverges',
    isDone: async () => false,
    isBegun: async () => false,
    perform: async () => {
      tries += 1;
      throw new OtxError(code, 'the loss is not a number');
    },
  };
  await study.plan('diverges', '');
  await workOn(study, { tasks: async () => [task] });
  await workOn(study, { tasks: async () => [task] });
  expect(tries).toBe(1);
  expect(await study.failureOf('diverges')).toEqual({ code: 'numeric', message: 'the loss is not a number' });
  code = 'engine';
  await expect(workOn(study, { tasks: async () => [{ ...task, name: 'other' }] })).rejects.toThrow(
    'the loss is not a number',
  );
  expect(await study.failureOf('other')).toBeUndefined();
});

test('a request may be mended until something has begun', async () => {
  await (await open({ data: 'wrong' })).close();
  const study = await open({ data: 'right' });
  await study.plan('t', 'a');
  expect(await study.plan('t', 'b')).toBe(false);
  await study.close();
  const models = join(root, 'runs', 't', 'models');
  await mkdir(models, { recursive: true });
  await writeFile(join(models, 'last.safetensors'), 'of a training');
  await expect(open({ data: 'other' })).rejects.toThrow(
    `${root}: holds another study: it began with data "right", and now it is "other"`,
  );
});

test('a folder of something else is refused', async () => {
  await (await open()).close();
  await rm(root, { recursive: true });
  await mkdir(root);
  await writeFile(join(root, 'study.json'), '{}');
  await expect(open()).rejects.toMatchObject({ code: 'output' });
});
