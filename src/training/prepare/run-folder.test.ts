import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { COLUMNS } from '../../runs/history.js';
import { encodeSafetensors } from '../../weights/safetensors.js';
import { createRunFolder, LOCK_FILE, reopenRunFolder } from './run-folder.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-run-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a new run gets its folder, which goes again when nothing is written', async () => {
  const run = await createRunFolder(join(folder, 'a', 'b'));
  expect(run.best).toBe(join(folder, 'a', 'b', 'models', 'weights.safetensors'));
  expect(await readdir(run.root)).toEqual([LOCK_FILE]);
  await run.outputs.close();
  expect(await readdir(folder)).toEqual([]);
});

test.each(['weights.safetensors', 'last.safetensors'])('an earlier %s is not overwritten', async (name) => {
  await mkdir(join(folder, 'models'));
  await writeFile(join(folder, 'models', name), 'precious');
  await expect(createRunFolder(folder)).rejects.toMatchObject({
    code: 'output',
    message: expect.stringMatching(/holds an earlier run .*choose another folder/),
  });
  expect(await readFile(join(folder, 'models', name), 'utf8')).toBe('precious');
});

test('files of somebody else are not overwritten, those of a run that ended before its first checkpoint are', async () => {
  for (const name of ['config.yaml', 'environment.json', 'results.csv', 'models/label_schema.json']) {
    const path = join(folder, name);
    await mkdir(join(folder, 'models'), { recursive: true });
    await writeFile(path, 'precious');
    await expect(createRunFolder(folder)).rejects.toMatchObject({
      code: 'output',
      message: expect.stringContaining(`${path}: was not written by otx`),
    });
    expect(await readFile(path, 'utf8')).toBe('precious');
    await rm(path);
    const { outputs } = await createRunFolder(folder);
    await outputs.write(name, 'half a run');
    await outputs.close();
    await (await createRunFolder(folder)).outputs.close();
    await rm(path);
  }
});

test('a run that is named by a relative path is the same folder', async () => {
  const { outputs, last } = await createRunFolder(relative(process.cwd(), join(folder, 'run')));
  await outputs.write(last, 'x');
  expect(await readdir(join(folder, 'run', 'models'))).toEqual(['last.safetensors']);
});

test('a run of version 0.1.0, which kept no record, goes on; what is not its own is in the way', async () => {
  const path = (name: string) => join(folder, name);
  await mkdir(path('models'));
  const weights = encodeSafetensors({ tensors: new Map(), metadata: { otx: '{}' } });
  for (const name of ['models/last.safetensors', 'models/weights.safetensors'])
    await writeFile(path(name), weights);
  await writeFile(path('results.csv'), `${COLUMNS.join(',')}\n1,0.5\n`);
  const { outputs } = await reopenRunFolder(folder);
  for (const name of ['models/last.safetensors', 'models/weights.safetensors', 'results.csv']) {
    await outputs.write(name, 'newer');
  }
  await outputs.close();
  for (const [name, content] of [
    ['models/weights.safetensors', 'mine'],
    ['results.csv', 'my notes'],
  ] as const) {
    await outputs.write(name, 'newer');
    await writeFile(path(name), content);
    await expect(reopenRunFolder(folder)).rejects.toMatchObject({
      code: 'output',
      message: expect.stringContaining(`${path(name)}: was not written by otx, or has been changed since`),
    });
    await rm(path(name));
    await (await reopenRunFolder(folder)).outputs.close();
  }
});

test("a folder is one run's at a time, new or resumed", async () => {
  const first = await createRunFolder(folder);
  const refusal = {
    code: 'output',
    message: expect.stringContaining(`${folder}: process ${process.pid} is at work in this folder`),
  };
  await expect(createRunFolder(folder)).rejects.toMatchObject(refusal);
  await first.outputs.write(first.last, encodeSafetensors({ tensors: new Map(), metadata: { otx: '{}' } }));
  await expect(createRunFolder(folder)).rejects.toMatchObject(refusal);
  await expect(reopenRunFolder(folder)).rejects.toMatchObject(refusal);
  await first.outputs.close();
  const second = await reopenRunFolder(folder);
  await expect(reopenRunFolder(folder)).rejects.toMatchObject(refusal);
  await second.outputs.close();
  expect(await readdir(folder)).not.toContain(LOCK_FILE);
});
