/** @file `label_schema.json`: the labels of a model in the form that OpenVINO Training Extensions writes beside its weights. */

import { z } from 'zod';
import { messageOf, OtxError } from '../base/errors.js';
import { namesProblem } from '../base/names.js';
import { parseJson } from '../base/parse-json.js';
import { type FileKind, MOST_BYTES, readTextOf } from '../base/read-file.js';
import type { ClassInfo } from '../data/index.js';

export const LABEL_SCHEMA_FILE = 'label_schema.json';

const KIND: FileKind = {
  code: 'checkpoint',
  expected: `the labels of the model (${LABEL_SCHEMA_FILE})`,
  maxBytes: MOST_BYTES.json,
};

/** The schema has no background; the reference paints nothing there, and neither do the overlays. */
const BACKGROUND: ClassInfo = { name: 'background', color: [0, 0, 0] };

const channel = z.int().min(0).max(255);
const schemaFile = z.object({
  all_labels: z.record(
    z.string(),
    z.object({
      _id: z.string(),
      name: z.string(),
      color: z.object({ red: channel, green: channel, blue: channel }),
    }),
  ),
});

/** The content of `label_schema.json` for classes whose first is the background. Ids are "0", "1", … without it. */
export function labelSchema(classes: readonly ClassInfo[], created = new Date()): object {
  const labels = classes.slice(1).map(({ name, color: [red, green, blue] }, index) => ({
    _id: String(index),
    name,
    color: { red, green, blue, alpha: 255 },
    hotkey: '',
    domain: 'SEGMENTATION',
    creation_date: created.toISOString(),
    is_empty: false,
    is_anomalous: false,
  }));
  return {
    label_tree: { type: 'tree', directed: true, nodes: [], edges: [] },
    label_groups: [
      { _id: '0', name: 'labels', label_ids: labels.map(({ _id }) => _id), relation_type: 'EXCLUSIVE' },
    ],
    all_labels: Object.fromEntries(labels.map((label) => [label._id, label])),
  };
}

/** The text of a schema file. */
export function formatLabelSchema(classes: readonly ClassInfo[]): string {
  return `${JSON.stringify(labelSchema(classes), null, 2)}\n`;
}

/**
 * The classes of a schema file, background first.
 *
 * @throws OtxError `checkpoint` when the file is missing or is no label schema.
 */
export async function loadLabelSchema(path: string): Promise<ClassInfo[]> {
  const unreadable = (reason: string, cause?: unknown) =>
    new OtxError('checkpoint', `${path}: the labels cannot be read (${reason})`, { cause });
  let classes: ClassInfo[];
  const text = await readTextOf(path, KIND);
  try {
    const { all_labels } = schemaFile.parse(parseJson(text));
    const labels = Object.values(all_labels).sort((a, b) => Number(a._id) - Number(b._id));
    classes = [
      BACKGROUND,
      ...labels.map(
        ({ name, color: { red, green, blue } }): ClassInfo => ({ name, color: [red, green, blue] }),
      ),
    ];
  } catch (error) {
    throw unreadable(error instanceof z.ZodError ? 'not a label schema' : messageOf(error), error);
  }
  const problem = namesProblem(classes.map(({ name }) => name));
  if (problem !== undefined) throw unreadable(problem);
  return classes;
}
