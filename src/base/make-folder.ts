/** @file Makes a folder with its parents. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * As `mkdir` with `recursive`, which in Node never returns where the file system answers "no such file" for a new name, as
 * /proc does.
 *
 * @returns the folders that were not there before, outermost first.
 * @throws the error of the file system.
 */
export async function makeFolder(folder: string): Promise<string[]> {
  try {
    await mkdir(folder);
    return [folder];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return [];
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error;
    const made = await makeFolder(dirname(folder));
    try {
      await mkdir(folder);
      return [...made, folder];
    } catch (again) {
      // Somebody else may have made it in the meantime.
      if ((again as NodeJS.ErrnoException).code !== 'EEXIST' || !(await stat(folder)).isDirectory())
        throw again;
      return made;
    }
  }
}
