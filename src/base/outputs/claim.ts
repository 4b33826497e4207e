/**
 * @file A claim on a piece of work among processes of several machines that share a folder: a lock with a heart beat. Of a process
 * of this machine the system tells whether it lives; that of another lives as long as its heart beats.
 */

import { stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { performance } from 'node:perf_hooks';
import { type IsGone, isDead, type LockOwner, ownerOf, spaceOfProcesses, takeLock } from './lock.js';

/** How often the owner of a claim shows that it lives, and how long another one waits for that, in seconds. */
export interface HeartBeat {
  readonly every: number;
  /** Longer than network file systems keep what they know of a file, which is a minute. */
  readonly patience: number;
}

const HEART_BEAT: HeartBeat = { every: 5, patience: 180 };

/** A claim that was got. */
export interface Claim {
  /** Who held it before, and died; undefined for nobody. */
  readonly before: LockOwner | undefined;
  /** Fires when another has taken the claim over, as after a long sleep of this machine. */
  readonly lost: AbortSignal;
  /** Lets others have it. Never throws. */
  release(): Promise<void>;
}

/** Claims of one process; it remembers which hearts it has seen beating, and when. */
export interface Claims {
  /**
   * Takes a claim, if nobody who lives holds it.
   *
   * @param path file of the claim, in a folder that is there.
   * @returns who holds it instead.
   * @throws OtxError `output` when the folder cannot be written.
   */
  take(path: string): Promise<Claim | LockOwner>;
}

/** Whether {@link Claims.take} has got the claim. */
export const isClaim = (taken: Claim | LockOwner): taken is Claim => 'release' in taken;

/** @param heartBeat for tests. */
export function createClaims({ every, patience }: HeartBeat = HEART_BEAT): Claims {
  const seen = new Map<string, { readonly beat: string; readonly since: number }>();
  const isGone: IsGone = async (path, owner) => {
    if (owner.host === hostname() && owner.space === (await spaceOfProcesses())) return isDead(owner);
    // Clocks of machines differ: what counts is whether the time of the file changes, not which it is.
    const time = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
    const beat = `${owner.id} ${time}`;
    const last = seen.get(path);
    const now = performance.now() / 1000;
    if (last?.beat === beat) return now - last.since >= patience;
    seen.set(path, { beat, since: now });
    return false;
  };
  return {
    take: async (path) => {
      const taken = await takeLock(path, isGone);
      if ('heldBy' in taken) return taken.heldBy;
      const { lock, id, before } = taken;
      const lost = new AbortController();
      const timer = setInterval(async () => {
        const now = new Date();
        await utimes(path, now, now).catch(() => undefined);
        const owner = await ownerOf(path).catch(() => ({ id }));
        if (owner?.id !== id) lost.abort();
      }, 1000 * every);
      timer.unref();
      return {
        before,
        lost: lost.signal,
        release: async () => {
          clearInterval(timer);
          await lock.release();
        },
      };
    },
  };
}
