/**
 * @file Names of files that are being written. Such a name says who writes, and carries a check of itself: what a killed
 * process left behind can be told from any file of the user's, and from what another process is writing at the moment.
 */

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Characters of the file's name in that of the temporary one, which may be no longer than the 255 bytes of most systems. */
const NAME_SHOWN = 60;
const FORM = /^(\..*\.([0-9a-f]{4})-(\d+)-[0-9a-f]{8})-([0-9a-f]{8})\.tmp$/s;

const digest = (text: string, characters: number): string =>
  createHash('sha256').update(text.normalize('NFC')).digest('hex').slice(0, characters);

/** Process numbers mean something on their own machine only. */
const host = digest(hostname(), 4);
/** Names that this process is using: an earlier one may have had the same number. */
const inUse = new Set<string>();

/** A new name beside that of the file that is to be; {@link releaseName} when it is gone again. */
export function temporaryName(name: string): string {
  const head = `.${name.slice(0, NAME_SHOWN)}.${host}-${process.pid}-${randomBytes(4).toString('hex')}`;
  const temporary = `${head}-${digest(head, 8)}.tmp`;
  inUse.add(temporary);
  return temporary;
}

export function releaseName(temporary: string): void {
  inUse.delete(temporary);
}

/** Whether {@link temporaryName} has made this name, in whatever process. */
export function isTemporaryName(name: string): boolean {
  const [, head, , , check] = FORM.exec(name) ?? [];
  return head !== undefined && digest(head, 8) === check;
}

/** Whether a file of this name was written by this program, on this machine, by a process that has ended. */
export function isAbandoned(name: string): boolean {
  const [, head, by, pid, check] = FORM.exec(name) ?? [];
  if (head === undefined || by !== host || digest(head, 8) !== check) return false;
  return Number(pid) === process.pid ? !inUse.has(name) : !isRunning(Number(pid));
}

/**
 * Removes the temporary files that killed processes have left in a folder. A folder that cannot be read, or does not exist,
 * has none.
 *
 * @param isLitter names besides those of {@link temporaryName}.
 */
export async function sweepTemporaries(
  folder: string,
  { recursive = false, isLitter = () => false }: SweepOptions = {},
): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && recursive) await sweepTemporaries(path, { recursive, isLitter });
    else if (entry.isFile() && (isAbandoned(entry.name) || isLitter(entry.name))) {
      await rm(path, { force: true }).catch(() => undefined);
    }
  }
}

export interface SweepOptions {
  /** Whether also in all folders below; links are not followed. */
  readonly recursive?: boolean;
  readonly isLitter?: ((name: string) => boolean) | undefined;
}

/** Whether a process of this machine is at work. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // A process of another user is there, but may not be asked.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return !isZombie(pid);
}

/** Whether a process has ended, and nobody has asked how: its number stays, in containers without an init for good. */
function isZombie(pid: number): boolean {
  try {
    const facts = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Behind the name, which may have any characters.
    return facts.slice(facts.lastIndexOf(')')).startsWith(') Z');
  } catch {
    // Other systems have no such file.
    return false;
  }
}
