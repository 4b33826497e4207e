/** @file A folder that one process at a time works in: a file in it says which. A dead owner's lock is taken over. */

import { randomBytes } from 'node:crypto';
import { readFile, readlink, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { z } from 'zod';
import { writeAtomically } from '../atomic.js';
import { OtxError } from '../errors.js';
import { readTextOf } from '../read-file.js';
import { isRunning } from '../temporary-name.js';

/** What a lock says of its owner. */
const ownerSchema = z.object({
  pid: z.number().int().positive(),
  host: z.string(),
  /** Since when the process runs, where the system tells: numbers of processes are used again, after a restart above all. */
  process: z.string().optional(),
  /** In which room of the system numbers of processes mean something: containers of one machine may have one name, but each its own. */
  space: z.string().optional(),
  /** Of this lock alone. */
  id: z.string(),
});
/** Who holds a lock. */
export type LockOwner = z.infer<typeof ownerSchema>;

const KIND = { code: 'output', expected: 'the lock of a folder', maxBytes: 4096 } as const;
/** Locks that come and go while one is asked for. */
const ATTEMPTS = 5;
/** Locks of this process, by id. */
const held = new Set<string>();

/** To be released when the work is over. */
export interface FolderLock {
  /** Never throws; leaves a lock alone that is no longer ours. */
  release(): Promise<void>;
}

/** Whether the owner of the lock at a path is gone for certain. */
export type IsGone = (path: string, owner: LockOwner) => Promise<boolean>;

/** What became of an attempt: a lock of one's own with the dead owner before, or who holds it. */
export type Taken =
  | { readonly lock: FolderLock; readonly id: string; readonly before: LockOwner | undefined }
  | { readonly heldBy: LockOwner };

/**
 * Locks a folder by a file in it, which says who works there.
 *
 * @throws OtxError `output` when another process, or another job of this one, works in it.
 */
export async function lockFolder(path: string): Promise<FolderLock> {
  const taken = await takeLock(path);
  if ('heldBy' in taken) throw inUse(path, taken.heldBy);
  return taken.lock;
}

/**
 * Takes a lock, if nobody who lives holds it.
 *
 * @param isGone default: processes of this machine that have ended.
 * @throws OtxError `output` when the folder cannot be written.
 */
export async function takeLock(path: string, isGone: IsGone = (_, owner) => isDead(owner)): Promise<Taken> {
  const id = randomBytes(8).toString('hex');
  const [started, space] = await Promise.all([startOf(process.pid), spaceOfProcesses()]);
  const owner: LockOwner = { pid: process.pid, host: hostname(), process: started, space, id };
  let before: LockOwner | undefined;
  // First of all: a job of this process that finds the lock must see that it is held.
  held.add(id);
  try {
    let problem: unknown;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = await takeAway(path, isGone);
      if (found?.isAlive) {
        held.delete(id);
        return { heldBy: found.owner };
      }
      before = found?.owner ?? before;
      try {
        await writeAtomically(path, [`${JSON.stringify(owner)}\n`], { isNew: true });
        return { lock: { release: () => release(path, id) }, id, before };
      } catch (error) {
        // Somebody was faster, or the folder cannot be written; the next look tells.
        problem = error;
      }
    }
    throw problem;
  } catch (error) {
    held.delete(id);
    throw error;
  }
}

/** Removes a lock of which is known that its owner is gone, as another lock of the same process has shown. */
export async function freeLock(path: string, gone: LockOwner): Promise<void> {
  const owner = await ownerOf(path);
  const isSame =
    owner?.pid === gone.pid &&
    owner.host === gone.host &&
    owner.process === gone.process &&
    owner.space === gone.space;
  if (isSame) await rm(path, { force: true });
}

/** @throws OtxError `output` when somebody works in the folder that is locked by this file. */
export async function checkUnlocked(path: string): Promise<void> {
  const owner = await ownerOf(path);
  if (owner && !(await isDead(owner))) throw inUse(path, owner);
}

/**
 * Removes the lock of an owner that has died. One at a time does so: by the time that a second one comes, the lock may be a
 * living process's.
 *
 * @returns the owner that was found; undefined where there was none.
 */
async function takeAway(
  path: string,
  isGone: IsGone,
): Promise<{ owner: LockOwner; isAlive: boolean } | undefined> {
  const owner = await ownerOf(path);
  if (!owner) return undefined;
  if (!(await isGone(path, owner))) return { owner, isAlive: true };
  const takeover = await takeLock(`${path}.takeover`, isGone);
  if ('heldBy' in takeover) return { owner: takeover.heldBy, isAlive: true };
  try {
    if ((await ownerOf(path))?.id === owner.id) await rm(path, { force: true });
  } finally {
    await takeover.lock.release();
  }
  return { owner, isAlive: false };
}

async function release(path: string, id: string): Promise<void> {
  held.delete(id);
  const owner = await ownerOf(path).catch(() => undefined);
  if (owner?.id === id) await rm(path, { force: true }).catch(() => undefined);
}

/** Undefined when there is no lock. */
export async function ownerOf(path: string): Promise<LockOwner | undefined> {
  let text: string;
  try {
    text = await readTextOf(path, KIND);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new OtxError(
      'output',
      `${path}: has the name of the file that says who works in this folder, but says something else; move it away or ` +
        'choose another output folder',
      { cause },
    );
  }
}

/** Whether the owner was a process of this machine that has ended. */
export async function isDead({ pid, host, process: started, id }: LockOwner): Promise<boolean> {
  if (host !== hostname()) return false;
  if (pid === process.pid) return !held.has(id);
  if (!isRunning(pid)) return true;
  const now = await startOf(pid);
  return started !== undefined && now !== undefined && started !== now;
}

function inUse(path: string, { pid, host }: LockOwner): OtxError {
  const isHere = host === hostname();
  const who = isHere ? `process ${pid}` : `process ${pid} of the machine ${host}`;
  const what = isHere
    ? 'wait for its end, stop it, or choose another output folder'
    : `wait for its end, or choose another output folder; when that process is gone for certain, remove ${path}`;
  return new OtxError('output', `${dirname(path)}: ${who} is at work in this folder; ${what}`);
}

/** When a process began, in the words of the system: the boot and a time since then. Undefined where it does not tell. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const [boot, stat] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ]);
    // Behind the name, which may hold anything, the 20th word is the time; see proc(5).
    return `${boot.trim()} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return undefined;
  }
}

/** Undefined where the system has no such rooms. */
export async function spaceOfProcesses(): Promise<string | undefined> {
  return readlink('/proc/self/ns/pid').catch(() => undefined);
}

function isMissing(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return true;
  }
  return false;
}
