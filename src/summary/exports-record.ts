/** @file The tables of exported files that belong to a run: its own folder and those in it are looked through. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { OtxError } from '../base/errors.js';
import { type ExportsRecord, readExportTable, TABLE_FILE } from '../export/measure/table-file.js';

/**
 * @param folder of exports that was named; default: those that lie in the folder of the run.
 * @throws OtxError `usage` for a folder that was named and has no table.
 */
export async function readExports(run: string, folder: string | undefined): Promise<ExportsRecord[]> {
  if (folder !== undefined) {
    const record = await readExportTable(folder);
    if (record) return [record];
    throw new OtxError(
      'usage',
      `${folder}: has no table of exported files (${TABLE_FILE}); otx export --all and otx benchmark write one`,
    );
  }
  const inside = await readdir(run, { withFileTypes: true }).catch(() => []);
  const folders = inside.filter((entry) => entry.isDirectory()).map(({ name }) => join(run, name));
  const found = await Promise.all([run, ...folders.sort()].map(readExportTable));
  return found.flatMap((record) => record ?? []);
}
