import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeFileAtomic } from '../base/atomic.js';
import { encodeSafetensors, type SafeTensor } from '../weights/safetensors.js';
import { type Checkpoint, checkpointOf, encodeCheckpoint, loadCheckpoint } from './checkpoint.js';
import { formatLabelSchema, loadLabelSchema } from './label-schema.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-checkpoint-'));
  path = join(folder, 'weights.safetensors');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function example(fill: number, values = 64): Checkpoint {
  return checkpointOf(
    {
      template: { id: 'Custom_X', name: 'X', model: 'x' },
      hyperParameters: { learning_parameters: { batch_size: 8, input_size: '256x256' } },
      classes: [
        { name: 'background', color: [0, 0, 0] },
        { name: 'car', color: [255, 0, 10] },
      ],
      metrics: {
        mDice: 0.5,
        mIoU: 0.4,
        mAcc: 0.6,
        aAcc: 0.7,
        perClass: [{ dice: null, iou: 0.4, acc: 0.6, pixels: 3 }],
      },
      progress: { epoch: 2, step: 30, seed: 0, best: { mDice: 0.5, epoch: 1 } },
    },
    new Map<string, SafeTensor>([
      [
        'decode_head.conv_seg.weight',
        { dtype: 'F32', shape: [values], data: new Float32Array(values).fill(fill) },
      ],
      ['backbone.bn.num_batches_tracked', { dtype: 'I64', shape: [], data: new BigInt64Array([7n]) }],
    ]),
  );
}

async function refusal(): Promise<string> {
  const error = await loadCheckpoint(path).catch((error: unknown) => error);
  expect(error).toMatchObject({ name: 'OtxError', code: 'checkpoint' });
  const { message } = error as Error;
  expect(message).toContain(path);
  expect(message).not.toContain('\n');
  return message;
}

describe('checkpoints', () => {
  test('are read back exactly, from the file, its folder or the run folder', async () => {
    const saved = example(0.25);
    await writeFileAtomic(path, encodeCheckpoint(saved));
    expect(await loadCheckpoint(path)).toEqual(saved);
    expect(await loadCheckpoint(folder)).toEqual(saved);
    await mkdir(join(folder, 'run', 'models'), { recursive: true });
    await writeFileAtomic(join(folder, 'run', 'models', 'weights.safetensors'), encodeCheckpoint(saved));
    expect(await loadCheckpoint(join(folder, 'run'))).toEqual(saved);
  });

  test('carry the version that wrote them', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));
    expect(example(1).info.version).toBe(version);
  });

  test('a reader sees the old or the new file while it is replaced again and again', async () => {
    await writeFileAtomic(path, encodeCheckpoint(example(0, 50_000)));
    let writing = true;
    const writer = (async () => {
      for (let n = 1; n <= 20; n++) await writeFileAtomic(path, encodeCheckpoint(example(n, 50_000)));
      writing = false;
    })();
    let last = 0;
    while (writing) {
      const weights = (await loadCheckpoint(path)).tensors.get('decode_head.conv_seg.weight')!
        .data as Float32Array;
      expect(new Set(weights).size).toBe(1);
      expect(weights[0]).toBeGreaterThanOrEqual(last);
      last = weights[0]!;
    }
    await writer;
    expect(last).toBeGreaterThan(0);
    expect(await readdir(folder)).toEqual(['weights.safetensors']);
  });

  test('tensors that do not have their shape are refused before anything is written', () => {
    const broken = new Map<string, SafeTensor>([
      ['a', { dtype: 'F32', shape: [2], data: new Float32Array(1) }],
    ]);
    expect(() => encodeCheckpoint(checkpointOf(example(2).info, broken))).toThrow(/tensor a/);
  });

  test('a missing file or folder without weights is named', async () => {
    expect(await refusal()).toMatch(/no such checkpoint/);
    await expect(loadCheckpoint(folder)).rejects.toThrow(
      /no weights in this folder \(looked for .*models[^;]*$/,
    );
    await writeFile(join(folder, 'model.onnx'), '');
    await expect(loadCheckpoint(folder)).rejects.toThrow(/; to use .*model\.onnx, give that file itself$/);
  });

  test('a truncated file is refused, wherever it ends', async () => {
    await writeFileAtomic(path, encodeCheckpoint(example(1)));
    const whole = await readFile(path);
    for (const share of [0, 0.01, 0.3, 0.9, 0.999]) {
      await writeFile(path, whole.subarray(0, Math.floor(whole.length * share)));
      expect(await refusal()).toMatch(/not a usable safetensors file/);
    }
  });

  test('a single changed bit in the weights is noticed', async () => {
    await writeFileAtomic(path, encodeCheckpoint(example(1)));
    const bytes = await readFile(path);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(path, bytes);
    expect(await refusal()).toMatch(/checksum/);
  });

  test('a changed figure among the settings and scores is noticed', async () => {
    const bytes = Buffer.from(encodeCheckpoint(example(1)));
    const at = bytes.indexOf('\\"step\\":30');
    expect(at).toBeGreaterThan(0);
    bytes.write('\\"step\\":31', at);
    await writeFile(path, bytes);
    expect(await refusal()).toMatch(/settings and scores do not match their checksum/);
  });

  test('files of other programs are refused', async () => {
    await writeFile(path, 'PK\u0003\u0004 an archive or something else entirely');
    expect(await refusal()).toMatch(/not a usable safetensors file/);
    await writeFile(path, encodeSafetensors({ tensors: example(1).tensors, metadata: { format: 'pt' } }));
    expect(await refusal()).toMatch(/not written by otx/);
  });

  test('a later format is refused with the version that wrote it', async () => {
    const later = { ...example(1), info: { ...example(1).info, format: 2 as 1, version: '9.9.9' } };
    await writeFileAtomic(path, encodeCheckpoint(later));
    expect(await refusal()).toMatch(
      /written by otx 9\.9\.9 in a form that otx .* does not read \(at format\)/,
    );
  });
});

describe('label schema', () => {
  test('has every label but the background, and is read back with it', async () => {
    const { classes } = example(1).info;
    const file = join(folder, 'label_schema.json');
    await writeFileAtomic(file, formatLabelSchema(classes));
    expect(await loadLabelSchema(file)).toEqual(classes);
    const { all_labels, label_groups } = JSON.parse(await readFile(file, 'utf8'));
    expect(all_labels['0']).toMatchObject({
      _id: '0',
      name: 'car',
      color: { red: 255, green: 0, blue: 10, alpha: 255 },
      domain: 'SEGMENTATION',
    });
    expect(Object.keys(all_labels)).toEqual(['0']);
    expect(label_groups).toEqual([
      { _id: '0', name: 'labels', label_ids: ['0'], relation_type: 'EXCLUSIVE' },
    ]);
  });

  test('a file that is none is refused', async () => {
    await writeFile(path, '{"labels": []}');
    await expect(loadLabelSchema(path)).rejects.toThrow(
      /weights\.safetensors: the labels cannot be read \(not a label/,
    );
  });
});
