/**
 * @file A job that is stopped, or whose output fails, in each of its phases: what was computed is there, the exit code is
 * right, nothing is half-written, and a training goes on where it was.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';
import { loadCheckpoint } from '../../src/runs/checkpoint.js';
import { otx } from './otx.js';
import { smallNetwork } from './small-network.js';

const MAIN = fileURLToPath(new URL('../../bin/otx.js', import.meta.url));
const CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof CODES;
const ENDLESS = '100000';

let folder: string;
let trained: string;
const at = (...path: string[]) => join(folder, ...path);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-signals-'));
  await generateScenes(at('data'), { train: 4, val: 2, width: 80, height: 64 });
  // Enough to be stopped in the middle of them.
  for (const kind of ['images', 'masks']) {
    await mkdir(at('many', kind), { recursive: true });
    for (const name of await readdir(at('data', 'val', kind))) {
      for (let copy = 0; copy < 100; copy++) {
        await cp(at('data', 'val', kind, name), at('many', kind, `${copy}-${name}`));
      }
    }
  }
  await cp(at('data', 'val', 'dataset_meta.json'), at('many', 'dataset_meta.json'));
  await writeFile(at('small.onnx'), smallNetwork());
  trained = at('trained');
  expect((await otx(training(trained, '1', REAL), { env: knownSteps() })).code).toBe(0);
});
/** Spares the compiler where it is not what is tested. */
const knownSteps = () => ({ OTX_STEP_CACHE: at('steps') });
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What is trained where its phases last for a while, and where they need not. */
const REAL = () => ['--no-pretrained'];
const SMALL = () => ['--model', at('small.onnx')];

function training(output: string, epochs = ENDLESS, network = SMALL): string[] {
  return [
    ...['train', 'Lite-HRNet-s-mod2', '--threads', '1', ...network()],
    ...['--train-data-roots', at('data', 'train')],
    ...['--val-data-roots', at('data', 'val'), '-o', output, 'params'],
    ...['--learning_parameters.input_size', '64x64', '--learning_parameters.batch_size', '2'],
    ...['--learning_parameters.num_iters', epochs, '--learning_parameters.enable_early_stopping', 'False'],
  ];
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Since the last call of `send`. */
  readonly seconds: number;
}

interface Running {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly send: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<Ended>;
}

type Stream = 'pipe' | 'ignore' | number;

function start(args: readonly string[], { stdout: out = 'pipe' as Stream, env = {} } = {}): Running {
  let stdout = '';
  let stderr = '';
  let sent = performance.now();
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, OTX_DEBUG: '', ...env },
    stdio: ['ignore', out, 'pipe'],
  });
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr, seconds: (performance.now() - sent) / 1000 });
    });
  });
  return {
    child,
    stdout: () => stdout,
    send: (signal) => {
      sent = performance.now();
      child.kill(signal);
    },
    ended,
  };
}

/** Waits for a moment of a job; an error if the job ends before it. */
async function until(job: Running, isReached: () => boolean): Promise<void> {
  let isOver = false;
  job.ended.then(() => {
    isOver = true;
  });
  while (!isReached()) {
    if (isOver) throw new Error(`the job ended too early: ${JSON.stringify(await job.ended)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function filesBelow(root: string): Promise<string[]> {
  if (!existsSync(root)) return [];
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** No temporary file is left, and every file is what its name says. */
async function expectWhole(root: string): Promise<void> {
  for (const file of await filesBelow(root)) {
    expect(file).not.toMatch(/\.tmp$/);
    if (/\.(png|jpg)$/.test(file)) await sharp(file, { failOn: 'truncated' }).stats();
    else if (file.endsWith('.safetensors')) await loadCheckpoint(file);
    else if (file.endsWith('.json')) JSON.parse(await readFile(file, 'utf8'));
  }
}

const last = (run: string) => join(run, 'models', 'last.safetensors');

/** Goes on with a training for a moment, if it has got as far as to be resumed. */
async function expectResumable(run: string): Promise<void> {
  const job = start(['train', '--resume-from', run], { env: knownSteps() });
  await until(job, () => /going on after/.test(job.stdout()));
  job.send('SIGINT');
  expect((await job.ended).code).toBe(130);
}

describe('a training', () => {
  type IsReached = (job: Running, run: string) => boolean;
  const phases: [phase: string, signal: StopSignal, network: typeof SMALL, isReached: IsReached][] = [
    ['its start', 'SIGINT', SMALL, (_, run) => existsSync(run)],
    ['its data being checked', 'SIGTERM', SMALL, (job) => job.stdout().includes('train data')],
    ['its step being compiled', 'SIGHUP', REAL, (_, run) => existsSync(join(run, 'log.txt'))],
    ['its first checkpoint', 'SIGTERM', REAL, (_, run) => existsSync(join(run, 'models'))],
    ['its first step', 'SIGHUP', REAL, (job) => job.stdout().includes('output ')],
    ['its later epochs', 'SIGINT', SMALL, (job) => /epoch +2\//.test(job.stdout())],
  ];

  test.each(phases)('in %s, told to stop by %s', async (phase, signal, network, isReached) => {
    const run = at(phase.replaceAll(/\W+/g, '-'));
    const job = start(training(run, ENDLESS, network));
    await until(job, () => isReached(job, run));
    job.send(signal);
    const { code, stderr } = await job.ended;
    expect(stderr).toMatch(
      /^otx: stopping after this step \(once more to stop at once\)\notx: stopped [^\n]+\n$/,
    );
    expect(code).toBe(CODES[signal]);
    await expectWhole(run);
    if (existsSync(last(run))) {
      expect(stderr).toContain(`saved ${last(run)}`);
      expect(await readFile(join(run, 'log.txt'), 'utf8')).toMatch(/ {2}otx: stopped after \d+ steps/);
      await expectResumable(run);
    }
  });

  test('while it is being loaded', async () => {
    const run = at('loading');
    const job = start(training(run));
    job.send('SIGINT');
    const { code, signal } = await job.ended;
    // Before Node runs any code, a signal is the system's.
    expect(signal ?? code).toBeOneOf(['SIGINT', 130]);
    expect(existsSync(run)).toBe(false);
  });

  test.each<[StopSignal, StopSignal]>([
    ['SIGINT', 'SIGINT'],
    ['SIGTERM', 'SIGTERM'],
    ['SIGINT', 'SIGTERM'],
  ])('told by %s, and once more by %s', async (first, second) => {
    const run = at(`${first}-${second}`);
    const job = start(training(run), { env: knownSteps() });
    await until(job, () => /epoch +1\//.test(job.stdout()));
    job.send(first);
    // What comes at once may be the same signal, passed on by npm.
    await new Promise((resolve) => setTimeout(resolve, 200));
    job.send(second);
    const { code, signal, seconds, stderr } = await job.ended;
    // One that has saved and told it leaves its signals to the system.
    const hasStopped = stderr.includes('otx: stopped after');
    expect(signal ?? code).toBeOneOf([first, CODES[first], ...(hasStopped ? [second] : [])]);
    expect(seconds).toBeLessThan(5);
    await expectWhole(run);
    await expectResumable(run);
  });

  const early: [phase: string, network: typeof SMALL, isReached: IsReached][] = [
    ['its start', SMALL, (_, run) => existsSync(run)],
    ['its data being checked', SMALL, (job) => job.stdout().includes('train data')],
    ['its step being compiled', REAL, (_, run) => existsSync(join(run, 'log.txt'))],
  ];

  test.each(early)('in %s, told twice', async (phase, network, isReached) => {
    const run = at(`twice-${phase.replaceAll(/\W+/g, '-')}`);
    const job = start(training(run, ENDLESS, network));
    await until(job, () => isReached(job, run));
    job.send('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 200));
    job.send('SIGINT');
    const { code, signal, seconds } = await job.ended;
    expect(signal ?? code).toBeOneOf(['SIGINT', 130]);
    expect(seconds).toBeLessThan(5);
    await expectWhole(run);
  });

  test('under nohup goes on when its terminal is closed', async () => {
    const run = at('nohup');
    const job = start(training(run, '3'), { env: { ...knownSteps(), _: '/usr/bin/nohup' } });
    await until(job, () => /epoch +1\//.test(job.stdout()));
    job.send('SIGHUP');
    expect((await job.ended).code).toBe(0);
  });

  test('a fault of the program saves, and is told in one line', async () => {
    const run = at('fault');
    const planted = at('planted');
    const code =
      'import { existsSync } from "node:fs"; import { isMainThread } from "node:worker_threads";' +
      `if (isMainThread) setInterval(() => { if (existsSync(${JSON.stringify(planted)})) throw new Error("planted") }, 5).unref()`;
    const plant = `--import=data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
    const job = start(training(run), { env: { ...knownSteps(), NODE_OPTIONS: plant } });
    await until(job, () => /epoch +1\//.test(job.stdout()));
    await writeFile(planted, '');
    const { code: status, stderr } = await job.ended;
    expect(stderr).toBe('otx: error: unexpected failure: planted (OTX_DEBUG=1 shows where)\n');
    expect(status).toBe(1);
    expect((await loadCheckpoint(last(run))).info.progress.step).toBeGreaterThanOrEqual(2);
    await expectWhole(run);
    await expectResumable(run);
  });
});

describe('what stops a job that uses a model', () => {
  const many = () => ['--test-data-roots', at('many')];
  const weights = () => ['--load-weights', trained];

  test('a prediction keeps the images that are done', async () => {
    const output = at('predictions');
    const job = start(['predict', '--input', at('many', 'images'), ...weights(), '-o', output]);
    await until(job, () => existsSync(join(output, 'masks')));
    job.send('SIGTERM');
    const { code, stderr } = await job.ended;
    expect(code).toBe(143);
    const [, done] = /stopped after (\d+) of 200 images, which are in /.exec(stderr) ?? [];
    await expectWhole(output);
    for (const kind of ['masks', 'overlays']) {
      const count = (await readdir(join(output, kind))).length;
      expect(count).toBeGreaterThanOrEqual(Number(done));
      expect(count).toBeLessThan(200);
    }
  });

  test('an evaluation leaves nothing', async () => {
    const output = at('evaluation');
    const job = start(['eval', ...many(), ...weights(), '-o', output]);
    await until(job, () => job.stdout().includes('test data'));
    job.send('SIGHUP');
    const { code, stderr } = await job.ended;
    expect(stderr).toMatch(/\notx: stopped /);
    expect(code).toBe(129);
    expect(existsSync(output)).toBe(false);
  });

  test('an export leaves all or nothing', async () => {
    const output = at('export');
    const job = start(['export', ...weights(), '-o', output]);
    await until(job, () => existsSync(output));
    job.send('SIGINT');
    const { code } = await job.ended;
    expect(code).toBeOneOf([0, 130]);
    await expectWhole(output);
    expect(existsSync(join(output, 'model.onnx'))).toBe(existsSync(output));
  });
});

describe('text that nobody takes', () => {
  /** Closes what is opened when the test is over. */
  const opened = (path: string, flags: string): number => {
    const file = openSync(path, flags);
    onTestFinished(() => closeSync(file));
    return file;
  };

  async function expectTrained(run: string): Promise<void> {
    const { info } = await loadCheckpoint(last(run));
    expect(info.resume?.state).toMatchObject({ epoch: 2, finished: 'epochs' });
    const log = await readFile(join(run, 'log.txt'), 'utf8');
    expect(log).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}otx train /);
    expect(log).toMatch(/epoch 2\/2 .*\n(.*\n)+.* {2}done in \d+m?\d*s\n$/);
    for (const line of log.trimEnd().split('\n'))
      expect(line).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d( |$)/);
  }

  test('a training whose reader has gone ends as if nothing had happened', async () => {
    const run = at('head');
    const job = start(training(run, '2'), { env: knownSteps() });
    job.child.stdout?.once('data', () => job.child.stdout?.destroy());
    job.child.stderr?.destroy();
    expect((await job.ended).code).toBe(0);
    await expectTrained(run);
  });

  test('a training whose reader does not read neither waits nor hangs', async () => {
    const run = at('unread');
    const job = start(training(run, '2'), { env: knownSteps() });
    job.child.stdout?.pause();
    const exited = new Promise((resolve) => job.child.once('exit', resolve));
    expect(await exited).toBe(0);
    await expectTrained(run);
    job.child.stdout?.destroy();
  });

  test.skipIf(!existsSync('/dev/full'))('a training whose output is full', async () => {
    const run = at('full');
    const job = start(training(run, '2'), { stdout: opened('/dev/full', 'w'), env: knownSteps() });
    const { code, stderr } = await job.ended;
    expect(stderr).toBe('');
    expect(code).toBe(0);
    await expectTrained(run);
  });

  test.skipIf(!existsSync('/dev/full'))('text that is all there is must arrive', async () => {
    const { code, stderr } = await start(['find'], { stdout: opened('/dev/full', 'w') }).ended;
    expect(stderr).toBe('otx: error: the text cannot be written to stdout (ENOSPC)\n');
    expect(code).toBe(1);
  });

  test('who closes the pipe of a list early has seen enough', async () => {
    const job = start(['find']);
    job.child.stdout?.destroy();
    const { code, stderr } = await job.ended;
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });
});

/** Runs a line of a shell in which $otx is the command. */
function shell(line: string): { code: number; stderr: string } {
  const env = { ...process.env, otx: `${process.execPath} ${MAIN}` };
  try {
    execFileSync('sh', ['-c', line], { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
    return { code: 0, stderr: '' };
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: Buffer };
    return { code: status, stderr: stderr.toString() };
  }
}

describe.skipIf(process.platform === 'win32')('a place to run that is none', () => {
  test('the current folder has been removed', () => {
    const { code, stderr } = shell('mkdir gone && cd gone && rmdir ../gone && $otx find');
    expect(stderr).toMatch(/^otx: error: the current folder [^\n]+\n$/);
    expect(code).toBe(1);
  });

  test.each([25, 60, 130])('%i files may be open', (limit) => {
    const { code, stderr } = shell(`ulimit -n ${limit} && $otx find`);
    expect(stderr).toMatch(/^otx: error: [^\n]*ulimit -n 1024[^\n]*\n$/);
    expect(code).toBe(1);
  });

  test('stdout and stderr are closed', () => {
    const run = at('closed');
    expect(shell(`$otx ${training(run, '1').join(' ')} >&- 2>&-`).code).toBe(0);
    expect(existsSync(last(run))).toBe(true);
  });
});

/** A small file system of its own; undefined where none can be mounted. */
function mountSmall(path: string, megabytes: number): (() => void) | undefined {
  try {
    const options = ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path];
    execFileSync('mount', options, { stdio: 'ignore' });
    return () => execFileSync('umount', ['-l', path], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
}

async function canMount(): Promise<boolean> {
  const path = await mkdtemp(join(tmpdir(), 'otx-mount-'));
  const unmount = mountSmall(path, 1);
  unmount?.();
  await rm(path, { recursive: true, force: true });
  return unmount !== undefined;
}

describe.skipIf(!(await canMount()))('a disk that is full', () => {
  /** Mounted for one test. */
  async function disk(name: string, megabytes: number): Promise<string> {
    await mkdir(at(name));
    const unmount = mountSmall(at(name), megabytes) as () => void;
    onTestFinished(unmount);
    return at(name);
  }

  test('a training says so, and goes on from its last checkpoint when there is room', async () => {
    const run = join(await disk('disk', 60), 'run');
    const job = start(training(run));
    await until(job, () => /epoch +1\//.test(job.stdout()));
    const filler = at('disk', 'filler');
    await writeFile(filler, Buffer.alloc(60 * 2 ** 20)).catch(() => undefined);
    const { code, stderr } = await job.ended;
    expect(stderr).toMatch(/^otx: error: [^\n]+cannot be written \(ENOSPC[^\n]+\n$/);
    expect(code).toBe(1);
    await rm(filler);
    await expectWhole(run);
    await expectResumable(run);
  });

  test.each<[string, () => string[]]>([
    ['a prediction', () => ['predict', '--input', at('many', 'images')]],
    ['an export', () => ['export']],
  ])('%s leaves nothing half-written', async (what, words) => {
    const output = join(await disk(`disk of ${what}`, 1), 'out');
    const { code, stderr } = await start([...words(), '--load-weights', trained, '-o', output]).ended;
    expect(stderr).toMatch(/^otx: error: [^\n]+ENOSPC[^\n]+\n$/);
    expect(code).toBe(1);
    await expectWhole(output);
    expect(existsSync(join(output, 'model.onnx'))).toBe(false);
  });

  test('an evaluation tells its scores, and leaves nothing half-written', async () => {
    const root = await disk('disk of an evaluation', 1);
    const job = start([
      'eval',
      '--test-data-roots',
      at('many'),
      '--load-weights',
      trained,
      '-o',
      join(root, 'out'),
    ]);
    await until(job, () => job.stdout().includes('test data'));
    await writeFile(join(root, 'filler'), Buffer.alloc(2 * 2 ** 20)).catch(() => undefined);
    const { code, stderr } = await job.ended;
    expect(stderr).toMatch(
      /^otx: error: [^\n]+ENOSPC[^\n]+; the scores are: mean Dice 0\.\d{4} with background[^\n]+\n$/,
    );
    expect(code).toBe(1);
    expect(existsSync(join(root, 'out', 'performance.json'))).toBe(false);
    await expectWhole(join(root, 'out'));
  });
});

describe.skipIf(!hasScript())('a terminal', () => {
  test('that disappears stops a training, which saves', async () => {
    const run = at('terminal');
    const line = [process.execPath, MAIN, ...training(run)].join(' ');
    const terminal = spawn('script', ['-qec', line, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
    terminal.stdout.resume();
    const log = join(run, 'log.txt');
    const logged = async () => (existsSync(log) ? readFile(log, 'utf8') : '');
    const waitFor = async (pattern: RegExp) => {
      while (!pattern.test(await logged())) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await waitFor(/epoch +1\//);
    terminal.kill('SIGKILL');
    await waitFor(/otx: stopped after \d+ steps/);
    await expectWhole(run);
    expect(await logged()).not.toContain('\x1b');
  });
});

function hasScript(): boolean {
  try {
    return /util-linux/.test(execFileSync('script', ['--version'], { encoding: 'utf8' }));
  } catch {
    return false;
  }
}
