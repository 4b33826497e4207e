/**
 * @file Steps of this build and of an earlier one in turns. The speed of a machine drifts by more than most changes are worth, so
 * that only steps that follow each other can be compared.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Configuration, median } from './configuration.js';

export interface Comparison {
  readonly beforeMs: number;
  readonly nowMs: number;
  /** How many times as fast a step has become: median, smallest and largest of the pairs. */
  readonly ratio: number;
  readonly range: readonly [number, number];
}

/**
 * @param before folder of the earlier build, as `--keep` has made it
 * @param now that of this one
 */
export async function compareInTurns(
  configuration: Configuration,
  before: string,
  now: string,
): Promise<Comparison> {
  const children: ChildProcess[] = [];
  const start = async (root: string): Promise<ChildProcess> => {
    const child = fork(join(root, 'bench', 'measure.js'), [JSON.stringify(configuration)]);
    children.push(child);
    await answer(child);
    return child;
  };
  try {
    const [earlier, own] = [await start(before), await start(now)];
    const times = { earlier: [] as number[], own: [] as number[] };
    for (let i = 0; i < configuration.steps; i++) {
      // The second of two steps finds other caches than the first: each is the second every other time.
      const turn = [
        async () => times.earlier.push(await step(earlier)),
        async () => times.own.push(await step(own)),
      ];
      for (const run of i % 2 === 0 ? turn : turn.reverse()) await run();
    }
    const ratios = times.earlier.map((ms, i) => ms / times.own[i]!);
    return {
      beforeMs: median(times.earlier),
      nowMs: median(times.own),
      ratio: median(ratios),
      range: [Math.min(...ratios), Math.max(...ratios)],
    };
  } finally {
    for (const child of children) child.kill();
  }
}

function step(child: ChildProcess): Promise<number> {
  child.send('step');
  return answer(child);
}

/** What a child sends next. @throws Error when it ends instead. */
async function answer(child: ChildProcess): Promise<number> {
  const listening = new AbortController();
  const { signal } = listening;
  try {
    const ended = once(child, 'exit', { signal }).then(([code]) => {
      throw new Error(
        `a measurement ended with exit code ${code}; was the kept build made by a version with --keep?`,
      );
    });
    const [ms] = await Promise.race([once(child, 'message', { signal }), ended]);
    return ms as number;
  } finally {
    listening.abort();
  }
}
