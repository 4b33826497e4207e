import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Zippable, zipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { input, relu } from '../../graph/index.js';
import { serializeModel } from '../../graph/onnx/serialize-model.js';
import { readerOf } from './index.js';

let parent: string;
let folder: string;
let onnx: Uint8Array;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'otx-package-'));
  folder = join(parent, 'in', 'it');
  await mkdir(folder, { recursive: true });
  const x = input('input', 'float32', [1, 3]);
  onnx = serializeModel({ inputs: [x], outputs: { output: relu(x) } });
});
afterAll(() => rm(parent, { recursive: true }));

async function read(files: Zippable | Uint8Array, name = 'deploy.zip'): Promise<Uint8Array> {
  const path = join(folder, name);
  await writeFile(path, files instanceof Uint8Array ? files : zipSync(files));
  const reader = (await readerOf(path))!;
  expect(reader.name).toBe('package');
  return reader.toOnnx(path);
}

test.each([0, 9] as const)('the model in it is read, with compression %i', async (level) => {
  const text = new TextEncoder().encode('of somebody');
  const files = { 'README.md': text, 'model/model.onnx': onnx, 'model/model.xml': text };
  expect(await read(zipSync(files, { level }))).toEqual(onnx);
});

test('a file of PyTorch is none, whatever it is called', async () => {
  const torch = join(folder, 'weights.zip');
  await writeFile(torch, zipSync({ 'archive/data.pkl': onnx, 'archive/version': onnx }, { level: 0 }));
  expect(await readerOf(torch)).toBeUndefined();
  const named = join(folder, 'weights.pth');
  await writeFile(named, zipSync({ 'model/model.onnx': onnx }));
  expect(await readerOf(named)).toBeUndefined();
});

test('one without a model says what it lacks', async () => {
  await expect(read({ 'a.txt': onnx })).rejects.toThrow(
    /deploy\.zip: cannot be used \(it has no model\/model\.onnx/,
  );
  await expect(read({ 'model/model.xml': onnx })).rejects.toThrow(
    /it has model\/model\.xml, and no model\/model\.bin/,
  );
});

test('names that lead elsewhere are not followed, and nothing is written', async () => {
  const files = { '../model/model.onnx': onnx, '/model/model.onnx': onnx, 'model/../model/model.onnx': onnx };
  await expect(read(files)).rejects.toThrow(/it has no model\/model\.onnx/);
  const found = await readdir(parent, { recursive: true });
  expect(found.filter((name) => name.endsWith('.onnx') || name.endsWith('model'))).toEqual([]);
});

test('a model that is there twice is refused', async () => {
  const bytes = Buffer.from(zipSync({ 'model/model.onnx': onnx, 'model/modem.onnx': onnx }));
  for (let at = bytes.indexOf('modem'); at >= 0; at = bytes.indexOf('modem')) bytes.write('model', at);
  await expect(read(bytes)).rejects.toThrow(/"model\/model\.onnx" is there twice/);
});

test('a size that is a lie is not believed', async () => {
  const bytes = Buffer.from(zipSync({ 'model/model.onnx': onnx }, { level: 9 }));
  // The size in the table of contents, 24 bytes behind its signature.
  bytes.writeUInt32LE(0x7fffffff, bytes.indexOf(Buffer.from([0x50, 0x4b, 1, 2])) + 24);
  await expect(read(bytes)).rejects.toThrow(/claims to be 2147483647 bytes/);
});

test('a zip file that ends too early ends in one line', async () => {
  const bytes = zipSync({ 'model/model.onnx': onnx });
  for (const length of [60, 100, bytes.length - 1]) {
    await expect(read(bytes.subarray(0, length))).rejects.toThrow(
      /deploy\.zip: cannot be used \([^\n]*\); expected/,
    );
  }
});
