/** @file What is left of a training run, for comparing runs, and ways of ending one early. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadCheckpoint } from '../../src/runs/checkpoint.js';
import { otx } from './otx.js';

/** Hash of weights, statistics and moments, and what else the run remembers but its times. */
export async function outcomeOf(output: string) {
  const { tensors, info } = await loadCheckpoint(join(output, 'models', 'last.safetensors'));
  const hash = createHash('sha256');
  for (const [key, { data }] of tensors) {
    hash.update(key).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  const { seconds: _, ...state } = info.resume!.state;
  const history = (await readFile(join(output, 'results.csv'), 'utf8')).trim().split('\n');
  // Times stand in the columns from the eighth to the eleventh.
  const scores = history.map((line) =>
    line
      .split(',')
      .filter((_, column) => column < 7 || column > 10)
      .join(','),
  );
  return { hash: hash.digest('hex'), state, scores };
}

/** Runs `otx ...args` until the newest checkpoint in `output` holds some steps, then kills without warning. */
export async function killAfterSteps(
  args: readonly string[],
  output: string,
  updates: number,
): Promise<void> {
  const last = join(output, 'models', 'last.safetensors');
  let timer: NodeJS.Timeout | undefined;
  await otx(args, {
    onStart: (send) => {
      timer = setInterval(async () => {
        const checkpoint = await loadCheckpoint(last).catch(() => undefined);
        if (checkpoint && checkpoint.info.progress.step >= updates) send('SIGKILL');
      }, 15);
    },
  });
  clearInterval(timer);
}
