/** @file Processes that train together, started by the launchers of Open MPI and MPICH; skipped where they are not installed. */
import { spawn, spawnSync } from 'node:child_process';
import { access, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';
import { loadCheckpoint } from '../../src/runs/checkpoint.js';
import { otxHere } from './here.js';
import type { Outcome } from './otx.js';
import { outcomeOf } from './runs.js';
import { smallNetwork } from './small-network.js';

const MAIN = fileURLToPath(new URL('../../bin/otx.js', import.meta.url));
const isInstalled = (launcher: string, name: RegExp) =>
  process.platform === 'linux' && name.test(String(spawnSync(launcher, ['--version']).stdout));
const hasMpi = isInstalled('mpirun', /Open MPI/);
const hasMpich = isInstalled('mpirun.mpich', /HYDRA/);
/** A launcher that hangs must not hang the tests. */
const MOST_SECONDS = 200;
/** A job that has lost a process ends within this time. */
const MOST_SECONDS_OF_END = 10;

/** Starts two processes, and sees to it that none is left. */
function mpirun(
  args: readonly string[],
  onStart: (launcher: number) => Promise<void> = async () => undefined,
  [launcher, ...flags]: readonly [string, ...string[]] = ['mpirun', '--oversubscribe', '--bind-to', 'none'],
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(launcher, ['-np', '2', ...flags, process.execPath, MAIN, ...args], {
      env: {
        ...process.env,
        ...{ OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1', OTX_DEBUG: '' },
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: MOST_SECONDS * 1000,
      killSignal: 'SIGKILL',
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    onStart(child.pid!).catch(reject);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Waits until a run has made some updates, as its newest checkpoint says. */
async function untilUpdates(output: string, updates: number): Promise<void> {
  const end = performance.now() + MOST_SECONDS * 1000;
  while (performance.now() < end) {
    const last = await loadCheckpoint(join(output, 'models', 'last.safetensors')).catch(() => undefined);
    if (last && last.info.progress.step >= updates) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The process of that rank which a launcher has started. */
async function processOf(launcher: number, rank: number): Promise<number> {
  for (const name of await readdir('/proc')) {
    const facts = /^\d+$/.test(name) ? await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '') : '';
    if (Number(facts.split(') ')[1]?.split(' ')[1]) !== launcher) continue;
    const environment = await readFile(`/proc/${name}/environ`, 'utf8').catch(() => '');
    if (environment.split('\0').includes(`OMPI_COMM_WORLD_RANK=${rank}`)) return Number(name);
  }
  throw new Error(`no process of rank ${rank}`);
}

/** The launcher may be gone before the last process that it has ended. */
async function untilGone(pid: number): Promise<void> {
  const end = performance.now() + MOST_SECONDS_OF_END * 1000;
  while (performance.now() < end) {
    if (
      await access(`/proc/${pid}`).then(
        () => false,
        () => true,
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

let folder: string;
let data: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-mpi-'));
  data = join(folder, 'data');
  await generateScenes(data, { train: 13, val: 2, width: 80, height: 64 });
  await mkdir(join(folder, 'more'));
  for (const name of await readdir(join(data, 'train', 'images'))) {
    await cp(join(data, 'train', 'images', name), join(folder, 'more', name));
  }
  await writeFile(join(folder, 'small.onnx'), smallNetwork());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Epochs of three steps, each of two batches. */
const command = (
  output: string,
  epochs = 2,
  more: readonly string[] = SMALL,
  params: readonly string[] = [],
) => [
  ...['train', 'Lite-HRNet-s-mod2', '--recipe', 'otx', '--threads', '1'],
  ...['--train-data-roots', join(data, 'train'), '--val-data-roots', join(data, 'val'), '-o', output],
  ...['--checkpoint-interval', '1', ...more.map((word) => word.replace('FOLDER', folder))],
  ...['params', '--learning_parameters.input_size', '64x64'],
  ...['--learning_parameters.batch_size', '2', '--learning_parameters.num_iters', String(epochs)],
  ...['--learning_parameters.num_workers', '1', '--learning_parameters.enable_early_stopping', 'false'],
  ...params,
];
const SMALL = ['--model', 'FOLDER/small.onnx'];
const REAL = ['--pretrained', 'none'];
const ACCUMULATED = ['--accumulate', '2'];
const UNLABELED = ['--unlabeled-data-roots', 'FOLDER/more'];
/** The first epoch learns from labels alone. */
const SEMI = [
  ...['--learning_parameters.semisl_start_epoch', '1', '--learning_parameters.unlabeled_batch_size', '2'],
];
/** Epochs of trainings that are to be caught before their end: one that is repeated, and one that is cut short. */
const LONG = 30;
const ENDLESS = 5000;

describe.skipIf(!hasMpi)('two processes of MPI', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['supervised, stock', [...SMALL, '--engine', 'stock'], []],
    ['semi-supervised', [...SMALL, ...UNLABELED], SEMI],
    ['supervised, one mean and variance of all', [...REAL, '--sync-bn'], []],
    ['semi-supervised, one mean and variance of all', [...SMALL, ...UNLABELED, '--sync-bn'], SEMI],
    ['contrastive', REAL, ['--learning_parameters.enable_supcon', 'true']],
  ])('%s: train to the bits of one with two batches an update', async (name, flags, params) => {
    const [one, two] = ['one', 'two'].map((which) => join(folder, `${name} ${which}`)) as [string, string];
    const alone = await otxHere(command(one, 2, [...flags, ...ACCUMULATED], params));
    expect(alone.code, alone.stderr).toBe(0);
    const together = await mpirun(command(two, 2, flags, params));
    expect(together.code, together.stderr).toBe(0);
    const [expected, found] = [await outcomeOf(one), await outcomeOf(two)];
    expect(expected.state.updates).toBe(6);
    expect(found).toEqual(expected);
    // The first process alone reports.
    expect(together.stdout.split('best epoch').length).toBe(2);
  });

  test('share the batches of norms that go by all of them', async () => {
    const [one, two] = [join(folder, 'four of one'), join(folder, 'four of two')];
    const four = [...SMALL, '--sync-bn', '--accumulate', '4'];
    const alone = await otxHere(command(one, 1, four));
    expect(alone.code, alone.stderr).toBe(0);
    const together = await mpirun(command(two, 1, four));
    expect(together.code, together.stderr).toBe(0);
    expect(await outcomeOf(two)).toEqual(await outcomeOf(one));
    const plain = await otxHere(command(join(folder, 'plain'), 1, [...SMALL, '--accumulate', '4']));
    expect(plain.code, plain.stderr).toBe(0);
    expect((await outcomeOf(join(folder, 'plain'))).hash).not.toBe((await outcomeOf(one)).hash);
  });

  test('one of which is killed: the job ends, and one process goes on from the checkpoint, bit by bit', async () => {
    const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')];
    const undisturbed = await otxHere(command(whole, LONG, [...SMALL, ...ACCUMULATED]));
    expect(undisturbed.code, undisturbed.stderr).toBe(0);
    let first = 0;
    let died = 0;
    const { code, stderr } = await mpirun(command(killed, LONG), async (launcher) => {
      await untilUpdates(killed, 4);
      first = await processOf(launcher, 0);
      died = performance.now();
      process.kill(await processOf(launcher, 1), 'SIGKILL');
    });
    await untilGone(first);
    const secondsToEnd = (performance.now() - died) / 1000;
    expect(code).not.toBe(0);
    expect(secondsToEnd).toBeLessThan(MOST_SECONDS_OF_END);
    expect(stderr).toMatch(/the last checkpoint is good|process rank 1/);
    const resumed = await otxHere(['train', '--resume-from', killed]);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(await outcomeOf(killed)).toEqual(await outcomeOf(whole));
  });

  test('save when their launcher is interrupted, and go on as two', async () => {
    const stopped = join(folder, 'stopped');
    const { stdout, stderr } = await mpirun(command(stopped, ENDLESS), async (launcher) => {
      await untilUpdates(stopped, 3);
      process.kill(launcher, 'SIGINT');
    });
    expect(stdout + stderr).toMatch(/stopped after \d+ steps .* and saved /);
    const { state: before } = await outcomeOf(stopped);
    const epochs = before.epoch + 2;
    const params = ['params', '--learning_parameters.num_iters', String(epochs)];
    const resumed = await mpirun(['train', '--resume-from', stopped, ...params]);
    expect(resumed.code, resumed.stderr).toBe(0);
    const { state } = await outcomeOf(stopped);
    expect([state.finished, state.updates]).toEqual(['epochs', 3 * epochs]);
  });

  test('divide the trainings of several seeds, each of which one process does by itself', async () => {
    const output = join(folder, 'seeds');
    const { code, stdout, stderr } = await mpirun(command(output, 1, [...SMALL, '--seeds', '0,1']));
    expect(code, stderr).toBe(0);
    expect([...stdout.matchAll(/^(seed-\d) \(\d of 2\)$/gm)]).toHaveLength(1);
    for (const seed of ['seed-0', 'seed-1']) {
      // Of 13 images, two at a time, and not two batches at a time.
      expect((await outcomeOf(join(output, 'runs', seed))).state.updates).toBe(6);
    }
  });

  test('that cannot share the batches of an update say so once, before anything is written', async () => {
    const output = join(folder, 'uneven');
    const { code, stderr } = await mpirun(command(output, 2, [...SMALL, '--accumulate', '3']));
    expect(code).toBe(2);
    expect(stderr.match(/which 2 processes cannot share evenly/g)).toHaveLength(1);
    await expect(access(output)).rejects.toThrow();
  });
});

test.skipIf(!hasMpich)('two processes of MPICH train to the bits of one', async () => {
  const [one, two] = [join(folder, 'alone'), join(folder, 'of MPICH')];
  const shared = [...SMALL, '--sync-bn'];
  const alone = await otxHere(command(one, 2, [...shared, ...ACCUMULATED]));
  expect(alone.code, alone.stderr).toBe(0);
  const together = await mpirun(command(two, 2, shared), undefined, ['mpirun.mpich']);
  expect(together.code, together.stderr).toBe(0);
  expect(await outcomeOf(two)).toEqual(await outcomeOf(one));
});

test('norms of all batches of an update take two of them, and the fused engine', async () => {
  const output = join(folder, 'unshared');
  const single = await otxHere(command(output, 2, [...SMALL, '--sync-bn']));
  expect([single.code, single.stderr]).toEqual([
    2,
    expect.stringContaining('an update has one batch, which shares nothing'),
  ]);
  const stock = await otxHere(
    command(output, 2, [...SMALL, '--sync-bn', ...ACCUMULATED, '--engine', 'stock']),
  );
  expect([stock.code, stock.stderr]).toEqual([
    2,
    expect.stringContaining('--sync-bn takes the fused engine'),
  ]);
  await expect(access(output)).rejects.toThrow();
});

test('more batches an update than images are told', async () => {
  const { code, stderr } = await otxHere(command(join(folder, 'many'), 2, [...SMALL, '--accumulate', '14']));
  expect(code).toBe(2);
  expect(stderr).toContain('accumulate is 14, but there are only 13 training images');
});
