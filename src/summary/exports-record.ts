/** @file The tables of exported files that belong to a run: its own folder and those in it are looked through. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { OtxError } from '../base/errors.js';
import { parseJson } from '../base/parse-json.js';
import { MOST_BYTES, readTextOf } from '../base/read-file.js';
import { EXPORT_TYPES, PRECISIONS } from '../export/formats/index.js';
import { describeMeasured, type ExportedFile, exportTable } from '../export/measure/table.js';

const FILE = 'exports.json';
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
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What the numbers are of. */
  readonly caption: string;
}

/**
 * @param folder of exports that was named; default: those that lie in the folder of the run.
 * @throws OtxError `usage` for a folder that was named and has no table.
 */
export async function readExports(run: string, folder: string | undefined): Promise<ExportsRecord[]> {
  if (folder !== undefined) {
    const record = await readTable(folder);
    if (record) return [record];
    throw new OtxError(
      'usage',
      `${folder}: has no table of exported files (${FILE}); otx export --all and otx benchmark write one`,
    );
  }
  const inside = await readdir(run, { withFileTypes: true }).catch(() => []);
  const folders = inside.filter((entry) => entry.isDirectory()).map(({ name }) => join(run, name));
  const found = await Promise.all([run, ...folders.sort()].map(readTable));
  return found.flatMap((record) => record ?? []);
}

async function readTable(folder: string): Promise<ExportsRecord | undefined> {
  const text = await readTextOf(join(folder, FILE), KIND).catch(() => undefined);
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
