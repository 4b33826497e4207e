/** @file Makes a folder with its parents. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * As `mkdir` with `recursive`, which in Node never returns where the file system answers "no such file" for a new name, as
 * /proc does.
 *
 * @throws the error of the file system.
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error;
    await makeFolder(dirname(folder));
    await mkdir(folder).catch(async (again: NodeJS.ErrnoException) => {
      // Somebody else may have made it in the meantime.
      if (again.code !== 'EEXIST' || !(await stat(folder)).isDirectory()) throw again;
    });
  }
}
