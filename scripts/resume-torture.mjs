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
import { generateScenes } from '../dist/demo/generate.js';
import { loadCheckpoint } from '../dist/runs/checkpoint.js';

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
  ...['--val-data-roots', join(data, 'val'), '-o', run, '--checkpoint-interval', '1', '--no-pretrained'],
  ...['params', '--learning_parameters.input_size', '64x64', '--learning_parameters.batch_size', '2'],
  ...['--learning_parameters.num_iters', '4'],
];

/**
 * Runs otx. Resolves to its exit code (null when it was killed) and the milliseconds from its first checkpoint to its end.
 * `killAfter` kills it that many milliseconds after its first checkpoint.
 */
function otx(args, run, killAfter) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
    let firstSaved;
    let kill;
    const look = setInterval(() => {
      if (!existsSync(lastOf(run))) return;
      clearInterval(look);
      firstSaved = performance.now();
      if (killAfter !== undefined) kill = setTimeout(() => child.kill('SIGKILL'), killAfter);
    }, 5);
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(look);
      clearTimeout(kill);
      resolve({ code, milliseconds: performance.now() - firstSaved });
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

const expectSuccess = ({ code }) => {
  if (code !== 0) throw new Error(`otx ended with ${code}`);
};

try {
  await generateScenes(data, { train: 6, val: 2, width: 80, height: 64 });
  const whole = join(folder, 'whole');
  const outcome = await otx(trainArguments(whole), whole);
  expectSuccess(outcome);
  const expected = await hashOf(whole);
  console.log(`uninterrupted: ${expected.slice(0, 16)}; seed ${seed}`);

  let equal = 0;
  for (let n = 1; n <= times; n++) {
    const run = join(folder, `killed-${n}`);
    // A run that ended before its kill proves nothing; it is repeated with an earlier one.
    let moment = random.uniform() * outcome.milliseconds;
    while ((await otx(trainArguments(run), run, moment)).code === 0) {
      await rm(run, { recursive: true });
      moment *= 0.8;
    }
    const saved = (await loadCheckpoint(lastOf(run))).info;
    // Killed after its last write, it is complete.
    if (!saved.resume.state.finished) expectSuccess(await otx(['train', '--resume-from', run], run));
    const found = await hashOf(run);
    if (found === expected) equal += 1;
    console.log(
      `${n}: killed ${(moment / 1000).toFixed(2)} s after its first checkpoint, with ${saved.progress.step} steps saved; ${found === expected ? 'equal' : `DIFFERENT ${found.slice(0, 16)}`}`,
    );
    await rm(run, { recursive: true });
  }
  console.log(`${equal} of ${times} equal`);
  process.exitCode = equal === times ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
