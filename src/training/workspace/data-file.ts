/** @file `--data FILE`: the `data.yaml` of OTX, which names the folders of a data set in one place. */

import { stringify } from 'yaml';
import { z } from 'zod';
import { OtxError } from '../../base/errors.js';
import { readYaml } from '../../base/read-yaml.js';

const path = z.string().min(1).nullish();
const subset = z.looseObject({ 'data-roots': path, 'ann-files': path }).nullish();
const schema = z.looseObject({
  data: z.looseObject({
    train: subset,
    val: subset,
    test: subset,
    unlabeled: z.looseObject({ 'data-roots': path, 'file-list': path }).nullish(),
  }),
});

/** Folders that the file names, relative to the current folder as in OTX. */
export interface DataFile {
  /** Data to learn from. */
  readonly train?: string | undefined;
  /** Data to validate on. */
  readonly val?: string | undefined;
  /** Data to score on. */
  readonly test?: string | undefined;
  /** Images without masks. */
  readonly unlabeled?: string | undefined;
  /** List of those of them that are used. */
  readonly unlabeledFileList?: string | undefined;
}

/**
 * Reads a `data.yaml`.
 *
 * @throws OtxError `usage` naming the file and what is wrong with it.
 */
export async function readDataFile(file: string): Promise<DataFile> {
  const content = await readYaml(file, 'the data.yaml of OTX behind --data');
  const parsed = schema.safeParse(content);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(
      ({ path: at, message }) => `${at.join('.') || 'content'}: ${message}`,
    );
    throw new OtxError(
      'usage',
      `${file}: expected the form of OTX's data.yaml, data: {train: {data-roots: FOLDER}, val: …} (${issues.join('; ')})`,
    );
  }
  const { train, val, test, unlabeled } = parsed.data.data;
  for (const [name, members] of Object.entries({ train, val, test })) {
    if (members?.['ann-files'] == null) continue;
    throw new OtxError(
      'usage',
      `${file}: data.${name}.ann-files names annotations of COCO; a data set for segmentation has its masks beside its ` +
        'images (docs/data.md)',
    );
  }
  return {
    train: train?.['data-roots'] ?? undefined,
    val: val?.['data-roots'] ?? undefined,
    test: test?.['data-roots'] ?? undefined,
    unlabeled: unlabeled?.['data-roots'] ?? undefined,
    unlabeledFileList: unlabeled?.['file-list'] ?? undefined,
  };
}

/** The text of a file that {@link readDataFile} reads, in the form of OTX, with all its entries. */
export function formatDataFile({ train, val, test, unlabeled, unlabeledFileList }: DataFile): string {
  const subset = (root: string | undefined) => ({ 'ann-files': null, 'data-roots': root ?? null });
  return stringify({
    data: {
      ...{ train: subset(train), val: subset(val), test: subset(test) },
      unlabeled: { 'file-list': unlabeledFileList ?? null, 'data-roots': unlabeled ?? null },
    },
  });
}
