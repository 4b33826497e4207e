import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { input, relu } from '../../graph/index.js';
import { serializeModel } from '../../graph/onnx/serialize-model.js';
import { encodeSafetensors } from '../../weights/safetensors.js';
import { readerOf } from './index.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-readers-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function nameFor(file: string, bytes?: Uint8Array): Promise<string | undefined> {
  const path = join(folder, file);
  if (bytes) await writeFile(path, bytes);
  return (await readerOf(path))?.name;
}

test('the content of a file decides, and where it says nothing its name', async () => {
  const x = input('input', 'float32', [1, 3]);
  const onnx = serializeModel({ inputs: [x], outputs: { output: relu(x) } });
  const weights = encodeSafetensors({
    tensors: new Map([['w', { dtype: 'F32', shape: [1], data: Float32Array.of(1) }]]),
    metadata: {},
  });
  expect(await nameFor('model.onnx', onnx)).toBe('onnx');
  expect(await nameFor('model.bin', onnx)).toBe('onnx');
  expect(await nameFor('damaged.ONNX', Uint8Array.of(0))).toBe('onnx');
  expect(await nameFor('missing.onnx')).toBe('onnx');
  expect(await nameFor('weights.safetensors', weights)).toBeUndefined();
  expect(await nameFor('missing.pth')).toBeUndefined();
  expect(await nameFor('.')).toBeUndefined();
});

test('a number of a safetensors file that looks like an ONNX file does not make it one', async () => {
  const bytes = Buffer.alloc(64);
  bytes.set([0x08, 0x09, 0x3a]);
  bytes[8] = 0x7b;
  expect(await nameFor('lookalike.safetensors', bytes)).toBeUndefined();
});
