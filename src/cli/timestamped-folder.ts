/** @file A new folder for what a command writes, where its user names none. */

import { access } from 'node:fs/promises';
import { join } from 'node:path';

/** `<base>/<YYYYmmdd_HHMMSS>_<operation>` in local time; with a number behind it when that exists. */
export async function timestampedFolder(base: string, operation: string, now = new Date()): Promise<string> {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  const name = join(base, `${date}_${time}_${operation}`);
  let candidate = name;
  for (let n = 2; await exists(candidate); n++) candidate = `${name}_${n}`;
  return candidate;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
