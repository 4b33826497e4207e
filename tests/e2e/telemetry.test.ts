/** @file Nothing is sent and nothing is left behind: what programs find after us in the user's home and temporary folder. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const VARIABLE = 'ORT_DISABLE_TELEMETRY';

let folder: string;
let data: string;
let run: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-telemetry-'));
  [data, run] = [join(folder, 'data'), join(folder, 'run')];
  for (const name of ['home', 'temporary', 'work']) await mkdir(join(folder, name));
  await generateScenes(data, { train: 4, val: 1, width: 64, height: 64 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A process of a user who has set nothing at all. */
function node(words: readonly string[], variables: NodeJS.ProcessEnv = {}): Promise<string> {
  const [home, temporary] = [join(folder, 'home'), join(folder, 'temporary')];
  const places = { HOME: home, USERPROFILE: home, TMPDIR: temporary, TEMP: temporary, TMP: temporary };
  const env = { PATH: process.env.PATH, ...places, ...variables };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, words, { cwd: join(folder, 'work'), env }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${words.join(' ')} failed:\n${stderr}${stdout}`));
      else resolve(stdout + stderr);
    });
  });
}

const otx = (...words: string[]) => node([join(ROOT, 'bin', 'otx.js'), ...words]);
const script = (code: string, variables?: NodeJS.ProcessEnv) =>
  node(['--input-type=module', '--eval', code], variables);
const built = (module: string): string => JSON.stringify(pathToFileURL(join(ROOT, 'dist', module)));

async function filesIn(path: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(path, { recursive: true }))
    if ((await stat(join(path, name))).isFile()) found.push(name.replaceAll('\\', '/'));
  return found;
}

/**
 * The compiled steps, and whether fused kernels work here, are the only files of this package outside the folders that the user names
 * (docs/performance.md, docs/kernels.md).
 */
async function expectOnlyOurFiles(): Promise<void> {
  expect(await filesIn(join(folder, 'temporary'))).toEqual([]);
  const home = await filesIn(join(folder, 'home'));
  expect(
    home.filter((file) => !/otx\/(steps\/[0-9a-f]+\.step|kernels\/[0-9a-f]+\.json)$/.test(file)),
  ).toEqual([]);
}

test('train, eval, export and predict leave only their own files', async () => {
  await otx(
    ...['train', 'Lite-HRNet-s-mod2', '--train-data-roots', join(data, 'train')],
    ...['--val-data-roots', join(data, 'val'), '-o', run, 'params', '--learning_parameters.num_iters', '1'],
    ...['--learning_parameters.input_size', '64x64', '--learning_parameters.batch_size', '2'],
  );
  const weights = ['--load-weights', run];
  await otx('eval', '--test-data-roots', join(data, 'val'), ...weights, '-o', join(folder, 'scores'));
  await otx('export', ...weights, '-o', join(folder, 'export'));
  await expectOnlyOurFiles();
  // With the file, which is opened as a model of others would be.
  const model = join(folder, 'export', 'model.onnx');
  const images = join(data, 'val', 'images');
  await otx('predict', '--input', images, '--load-weights', model, '-o', join(folder, 'predictions'));
  await expectOnlyOurFiles();
  expect(await filesIn(join(folder, 'home'))).not.toEqual([]);
});

describe('a program', () => {
  test('that uses otx', async () => {
    const options = { weights: run, testData: join(data, 'val') };
    const code = `
      import { evaluate } from ${built('index.js')};
      const { metrics } = await evaluate(${JSON.stringify(options)});
      console.log(Number.isFinite(metrics.mDice));`;
    expect(await script(code)).toBe('true\n');
    await expectOnlyOurFiles();
  });

  test('that uses otx/graph', async () => {
    const code = `
      import * as g from ${built('graph-api.js')};
      const v = g.input('v', 'float32', [2]);
      const [sum] = await g.run([g.add(v, v)], { v: Float32Array.of(1, 2) });
      console.log(sum.join());`;
    expect(await script(code)).toBe('2,4\n');
    await expectOnlyOurFiles();
  });

  test('that runs the engine in its own thread', async () => {
    const code = `
      import * as g from ${built('graph-api.js')};
      import { runGraph } from ${built('engine/run-graph.js')};
      const v = g.input('v', 'float32', [2]);
      const [sum] = await runGraph([g.add(v, v)], { v: Float32Array.of(1, 2) });
      console.log(sum.join());`;
    expect(await script(code)).toBe('2,4\n');
    await expectOnlyOurFiles();
  });
});

test('what the user has set stays', async () => {
  const code = `await import(${built('engine/engine.js')}); console.log(process.env.${VARIABLE});`;
  expect(await script(code)).toBe('1\n');
  expect(await script(code, { [VARIABLE]: '0' })).toBe('0\n');
});

test('a thread that imports otx first is told that it cannot switch telemetry off', async () => {
  const worker = (first: string) => `
    import { Worker } from 'node:worker_threads';
    ${first}
    new Worker(new URL('data:text/javascript,' + encodeURIComponent("import " + ${JSON.stringify(built('index.js'))})));`;
  expect(await script(worker(''))).toContain(`${VARIABLE}=1`);
  expect(await script(worker(''), { [VARIABLE]: '0' })).toBe('');
  expect(await script(worker(`import ${built('index.js')};`))).toBe('');
});
