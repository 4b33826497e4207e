/** @file The table of exported files as it lies beside them, read again. */

import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../base/parse-json.js';
import { MOST_BYTES, readTextOf } from '../../base/read-file.js';
import { EXPORT_TYPES, PRECISIONS } from '../formats/index.js';
import { describeMeasured, type ExportedFile, exportTable } from './table.js';

/** Its name, in the folder of the files. */
export const TABLE_FILE = 'exports.json';
const KIND = {
  code: 'output',
  expected: 'the table of exported files (exports.json)',
  maxBytes: MOST_BYTES.json,
} as const;

const number = z
  .number()
  .nullish()
  .transform((value) => value ?? undefined);
const schema = z.object({
  testData: z.string().nullable(),
  threads: z.number().nullable(),
  files: z.array(
    z.object({
      file: z.string(),
      format: z.enum(EXPORT_TYPES),
      weights: z.enum([...PRECISIONS, 'int8']),
      bytes: z.number(),
      mDice: number,
      diceDifference: number,
      equalPixels: number,
      pictures: number,
      milliseconds: number,
      firstMilliseconds: number,
    }),
  ),
});

/** A table as a page has it. */
export interface ExportsRecord {
  /** Titles of the columns. */
  readonly head: readonly string[];
  /** Cells by row: the name of a file, and what was measured of it. */
  readonly rows: readonly (readonly string[])[];
  /** What the numbers are of. */
  readonly caption: string;
}

/**
 * What `otx export --all` and `otx benchmark` have written last into a folder.
 * @returns undefined where there is none, or one that is being replaced or of another version.
 */
export async function readExportTable(folder: string): Promise<ExportsRecord | undefined> {
  const text = await readTextOf(join(folder, TABLE_FILE), KIND).catch(() => undefined);
  if (text === undefined) return undefined;
  let parsed: z.infer<typeof schema>;
  try {
    parsed = schema.parse(parseJson(text));
  } catch {
    return undefined;
  }
  const files = parsed.files.map(({ file, format, weights, bytes, mDice, diceDifference, ...rest }) => {
    const { equalPixels, pictures, milliseconds, firstMilliseconds } = rest;
    const isMeasured = equalPixels !== undefined && milliseconds !== undefined;
    const measured = isMeasured && {
      ...{ mDice, diceDifference, equalPixels, pictures: pictures ?? 0, milliseconds },
      firstMilliseconds: firstMilliseconds ?? Number.NaN,
    };
    return { format, precision: weights, model: file, bytes, measured: measured || undefined };
  }) satisfies ExportedFile[];
  const on = { testData: parsed.testData ?? undefined, threads: parsed.threads ?? undefined };
  return { ...exportTable(files, ({ model }) => model), caption: describeMeasured(files, on) };
}
