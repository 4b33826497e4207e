/**
 * @file Proves that a job of two processes that loses one goes on bit by bit (docs/scale.md): trains 12 steps without interruption, then
 * again and again with a SIGKILL of the second process at a random moment, or with Ctrl-C to the launcher, and a resumption, by one process
 * after a kill and by two after Ctrl-C; all tensors are compared by hash. Takes a build and Open MPI. Arguments: repetitions of each (10), seed (now).
 */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '../dist/base/random.js';
import { generateScenes } from '../dist/demo/generate.js';
import { loadCheckpoint } from '../dist/runs/checkpoint.js';

const OTX = fileURLToPath(new URL('../bin/otx.js', import.meta.url));
const [times, seed] = [Number(process.argv[2] ?? 10), Number(process.argv[3] ?? Date.now() % 2 ** 32)];
const random = new Random(seed);
const STEPS = 12;
/** A job that has lost a process ends within this time. */
const MOST_SECONDS = 10;
const LAUNCHER = ['mpirun', '-np', '2', '--oversubscribe', '--bind-to', 'none', process.execPath];
const ENVIRONMENT = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };

const folder = await mkdtemp(join(tmpdir(), 'otx-torture-'));
const data = join(folder, 'data');
const lastOf = (run) => join(run, 'models', 'last.safetensors');

/** Four epochs of three steps of two batches, with a checkpoint after each step. */
const trainArguments = (run, flags) => [
  ...['train', 'Lite-HRNet-s-mod2', '--recipe', 'otx', '--pretrained', 'none', '--threads', '1', ...flags],
  ...['--train-data-roots', join(data, 'train'), '--val-data-roots', join(data, 'val'), '-o', run],
  ...['--checkpoint-interval', '1', 'params', '--learning_parameters.input_size', '64x64'],
  ...['--learning_parameters.batch_size', '2', '--learning_parameters.num_iters', '4'],
  ...['--learning_parameters.num_workers', '1', '--learning_parameters.enable_early_stopping', 'false'],
];

/** The process of that rank. */
function processOf(launcher, rank) {
  const read = (pid, file) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8');
    } catch {
      return '';
    }
  };
  return readdirSync('/proc').find(
    (pid) =>
      /^\d+$/.test(pid) &&
      Number(read(pid, 'stat').split(') ')[1]?.split(' ')[1]) === launcher &&
      read(pid, 'environ').split('\0').includes(`OMPI_COMM_WORLD_RANK=${rank}`),
  );
}

/**
 * Runs otx by itself, or as two processes. `disturb` is called so many milliseconds after the first checkpoint. Resolves, when all
 * processes are gone, to the exit code, milliseconds since the first checkpoint, and seconds since the disturbance.
 */
function otx(launcher, args, run, disturb, after) {
  return new Promise((resolve, reject) => {
    const [command, ...rest] = [...launcher, OTX, ...args];
    const child = spawn(command, rest, {
      env: { ...process.env, ...ENVIRONMENT },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += part));
    let [firstSaved, disturbed, timer, first] = [];
    const look = setInterval(() => {
      if (!existsSync(lastOf(run))) return;
      clearInterval(look);
      firstSaved = performance.now();
      if (disturb === undefined) return;
      first = processOf(child.pid, 0);
      timer = setTimeout(() => {
        disturbed = performance.now();
        disturb(child.pid);
      }, after);
    }, 5);
    child.on('error', reject);
    child.on('close', async (code) => {
      clearInterval(look);
      clearTimeout(timer);
      // The launcher may be gone before the last process that it ends.
      while (first !== undefined && existsSync(`/proc/${first}`) && performance.now() - disturbed < 60_000) {
        await new Promise((next) => setTimeout(next, 10));
      }
      const now = performance.now();
      resolve({ code, text, milliseconds: now - firstSaved, seconds: (now - disturbed) / 1000 });
    });
  });
}

async function hashOf(run) {
  const { tensors, info } = await loadCheckpoint(lastOf(run));
  if (info.progress.step !== STEPS)
    throw new Error(`${run}: ${info.progress.step} steps instead of ${STEPS}`);
  const hash = createHash('sha256');
  for (const [key, { data: values }] of tensors) {
    hash.update(key).update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}

const ALONE = [process.execPath];
const expectSuccess = ({ code, text }) => {
  if (code !== 0) throw new Error(`otx ended with ${code}: ${text.trim().split('\n').slice(-3).join(' ')}`);
};

/** One repetition. @returns whether all was as it should be */
async function repeat(name, n, { flags, disturb, resume, isInTime, expected, whole }) {
  const run = join(folder, `disturbed-${n}`);
  // A job that ended before its disturbance proves nothing; it is repeated with an earlier one.
  let moment = random.uniform() * whole;
  let job = await otx(LAUNCHER, trainArguments(run, flags), run, disturb, moment);
  while (job.code === 0) {
    await rm(run, { recursive: true });
    moment *= 0.8;
    job = await otx(LAUNCHER, trainArguments(run, flags), run, disturb, moment);
  }
  const saved = (await loadCheckpoint(lastOf(run))).info;
  if (!saved.resume.state.finished) expectSuccess(await otx(resume, ['train', '--resume-from', run], run));
  const isOver = Boolean(saved.resume.state.finished);
  const [isEqual, isRight] = [(await hashOf(run)) === expected, isInTime(job, isOver)];
  console.log(
    `${name} ${n}: after ${(moment / 1000).toFixed(2)} s, all gone ${job.seconds.toFixed(2)} s later${isRight ? '' : ' (NOT RIGHT)'}, ` +
      `${saved.progress.step} steps saved; resumed: ${isEqual ? 'equal' : 'DIFFERENT'}`,
  );
  await rm(run, { recursive: true });
  return isEqual && isRight;
}

const killed = {
  disturb: (launcher) => process.kill(Number(processOf(launcher, 1)), 'SIGKILL'),
  resume: ALONE,
  isInTime: ({ seconds }) => seconds < MOST_SECONDS,
};
const interrupted = {
  disturb: (launcher) => process.kill(launcher, 'SIGINT'),
  resume: LAUNCHER,
  // Asked when its last epoch was over, it has nothing to stop.
  isInTime: ({ seconds, text }, isOver) =>
    seconds < MOST_SECONDS && (isOver || /stopped after .* and saved/.test(text)),
};

try {
  console.log(`seed ${seed}`);
  await generateScenes(data, { train: 13, val: 2, width: 80, height: 64 });
  let [right, all] = [0, 0];
  for (const flags of [[], ['--sync-bn']]) {
    const run = join(folder, `whole ${flags}`);
    const job = await otx(LAUNCHER, trainArguments(run, flags), run);
    expectSuccess(job);
    const known = { flags, expected: await hashOf(run), whole: job.milliseconds };
    console.log(`undisturbed ${flags}: ${known.expected.slice(0, 16)}`);
    const ways = { killed, ...(flags.length === 0 && { 'Ctrl-C': interrupted }) };
    for (const [name, way] of Object.entries(ways)) {
      for (let n = 1; n <= times; n++) {
        all += 1;
        if (await repeat([name, ...flags].join(' '), n, { ...known, ...way })) right += 1;
      }
    }
  }
  console.log(`${right} of ${all} right`);
  process.exitCode = right === all ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
