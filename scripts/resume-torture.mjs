/**
 * @file Proves that a killed training goes on bit by bit: trains 12 steps without interruption, then again and again with a
 * SIGKILL at a random moment and a resumption, and compares all tensors by hash. Arguments: repetitions (20), seed (now).
 */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '../dist/base/random.js';
import { generateScenes } from '../dist/data/index.js';
import { loadCheckpoint } from '../dist/training/checkpoint.js';

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const times = Number(process.argv[2] ?? 20);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 32);
const random = new Random(seed);

const folder = await mkdtemp(join(tmpdir(), 'otx-torture-'));
const data = join(folder, 'data');
const lastOf = (run) => join(run, 'models', 'last.safetensors');

/** Four epochs of three steps, with a checkpoint after each step. */
const trainArguments = (run) => [
  ...['train', 'Lite-HRNet-s-mod2', '--train-data-roots', join(data, 'train')],
  ...['--val-data-roots', join(data, 'val'), '-o', run, '--checkpoint-interval', '1'],
  ...['params', '--learning_parameters.input_size', '64x64', '--learning_parameters.batch_size', '2'],
  ...['--learning_parameters.num_iters', '4'],
];

/** Runs otx; kills it after some milliseconds if told so. Resolves to the exit code, null when it was killed. */
function otx(args, killAfterMilliseconds) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
    const timer =
      killAfterMilliseconds === undefined
        ? undefined
        : setTimeout(() => child.kill('SIGKILL'), killAfterMilliseconds);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve(code);
    });
  });
}

async function hashOf(run) {
  const { tensors, info } = await loadCheckpoint(lastOf(run));
  if (info.progress.step !== 12) throw new Error(`${run}: ${info.progress.step} steps instead of 12`);
  const hash = createHash('sha256');
  for (const [key, { data }] of tensors) {
    hash.update(key).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

const expectSuccess = (code) => {
  if (code !== 0) throw new Error(`otx ended with ${code}`);
};

try {
  await generateScenes(data, { train: 6, val: 2, width: 80, height: 64 });
  const whole = join(folder, 'whole');
  const start = performance.now();
  expectSuccess(await otx(trainArguments(whole)));
  const duration = performance.now() - start;
  const expected = await hashOf(whole);
  console.log(`uninterrupted: ${expected.slice(0, 16)}, ${(duration / 1000).toFixed(1)} s; seed ${seed}`);

  let equal = 0;
  for (let n = 1; n <= times; n++) {
    const run = join(folder, `killed-${n}`);
    // A run that ended before its kill proves nothing; it is repeated with an earlier one.
    let moment = random.range(0.2, 1) * duration;
    while ((await otx(trainArguments(run), moment)) === 0) {
      await rm(run, { recursive: true });
      moment *= 0.8;
    }
    const saved = existsSync(lastOf(run)) ? (await loadCheckpoint(lastOf(run))).info : undefined;
    // Killed before anything was saved, a run starts again; killed after its last write, it is complete.
    if (!saved) expectSuccess(await otx(trainArguments(run)));
    else if (!saved.resume.state.finished) expectSuccess(await otx(['train', '--resume-from', run]));
    const found = await hashOf(run);
    if (found === expected) equal += 1;
    console.log(
      `${n}: killed after ${(moment / 1000).toFixed(2)} s with ${saved?.progress.step ?? 'no'} steps saved; ${found === expected ? 'equal' : `DIFFERENT ${found.slice(0, 16)}`}`,
    );
    await rm(run, { recursive: true });
  }
  console.log(`${equal} of ${times} equal`);
  process.exitCode = equal === times ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
