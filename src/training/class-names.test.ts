/** @file Every file that names classes is refused for a name that is none, with the file and the name in one clean line. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeFileAtomic } from '../base/atomic.js';
import { parseMeta } from '../data/datasets/meta.js';
import { checkpointOf, encodeCheckpoint, loadCheckpoint } from '../runs/checkpoint.js';
import { formatLabelSchema, loadLabelSchema } from '../runs/label-schema.js';
import { readWeights } from '../weights/index.js';
import { encodeSafetensors, type SafeTensor } from '../weights/safetensors.js';
import { encodeTorchFile } from '../weights/torch-writer.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-names-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const tensors = new Map<string, SafeTensor>([
  ['backbone.w', { dtype: 'F32', shape: [1], data: new Float32Array(1) }],
]);
const classesOf = (name: string) => [
  { name: 'background', color: [0, 0, 0] as const },
  { name, color: [1, 2, 3] as const },
];

/** Writes a file with that class in it and reads it; resolves to the names that were read. */
const readers: Readonly<Record<string, (name: string) => Promise<readonly string[] | undefined>>> = {
  'meta file': async (name) => {
    const json = JSON.stringify({ label_map: { 0: 'background', 1: name } });
    return parseMeta(json, join(folder, 'dataset_meta.json')).classes.map((info) => info.name);
  },
  'label schema': async (name) => {
    const path = join(folder, 'label_schema.json');
    await writeFileAtomic(path, formatLabelSchema(classesOf(name)));
    return (await loadLabelSchema(path)).map((info) => info.name);
  },
  checkpoint: async (name) => {
    const path = join(folder, 'weights.safetensors');
    const info = {
      template: { id: 'X', name: 'X', model: 'x' },
      hyperParameters: {},
      classes: classesOf(name).map((info) => ({
        ...info,
        color: [...info.color] as [number, number, number],
      })),
      metrics: null,
      progress: { epoch: 1, step: 1, seed: 0, best: null },
    };
    await writeFileAtomic(path, encodeCheckpoint(checkpointOf(info, tensors)));
    return (await loadCheckpoint(path)).info.classes.map((info) => info.name);
  },
  safetensors: async (name) => {
    const path = join(folder, 'other.safetensors');
    const metadata = { otx: JSON.stringify({ classes: [{ name }] }) };
    await writeFile(path, encodeSafetensors({ tensors, metadata }));
    return (await readWeights(path)).classNames;
  },
  PyTorch: async (name) => {
    const path = join(folder, 'weights.pth');
    await writeFileAtomic(path, ...encodeTorchFile(tensors, { classNames: ['background', name] }));
    return (await readWeights(path)).classNames;
  },
};

describe.each(Object.entries(readers))('%s', (_, read) => {
  test.each([
    '\u001b[2J',
    'a\nb',
    'a\u0007',
    '\u202eevil',
    'c\u200bar',
    'x\ud800',
    '',
    '  ',
    'x'.repeat(20_000),
  ])('refuses %j', async (name) => {
    const error = (await read(name).catch((error: unknown) => error)) as Error;
    expect(error).toMatchObject({ name: 'OtxError' });
    expect(error.message).toContain(folder);
    expect(error.message).toMatch(/class name ".*" (holds|is empty|has 20000 characters)/);
    expect(error.message).toMatch(/^[ -~…\ufffd]{1,600}$/);
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '車 & <b>'])(
    'takes %s',
    async (name) => {
      expect(await read(name)).toContain(name);
      expect(Object.keys(Object.prototype)).toEqual([]);
    },
  );
});

test('label schemas and checkpoints name no class twice', async () => {
  const path = join(folder, 'label_schema.json');
  await writeFileAtomic(path, formatLabelSchema([...classesOf('car'), { name: 'car', color: [4, 5, 6] }]));
  await expect(loadLabelSchema(path)).rejects.toThrow(
    `${path}: the labels cannot be read (class car is declared twice`,
  );
});
