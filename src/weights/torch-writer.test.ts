import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFileAtomic } from '../base/atomic.js';
import { ByteFile } from './byte-file.js';
import { readWeights } from './read-weights.js';
import type { WeightTensor } from './stored-tensor.js';
import { describeTorchFile } from './torch-file.js';
import { encodeTorchFile } from './torch-writer.js';
import { readZipDirectory } from './zip-directory.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-weights-'));
});
afterAll(() => rm(folder, { recursive: true }));

const tensors = new Map<string, WeightTensor>([
  [
    'backbone.conv.weight',
    { shape: [2, 300], data: Float32Array.from({ length: 600 }, (_, i) => Math.sin(i)) },
  ],
  ['backbone.bn.num_batches_tracked', { shape: [], data: new BigInt64Array([123456789012n]) }],
  ['backbone.empty', { shape: [0, 4], data: new Float32Array(0) }],
  // In the middle of a buffer, as a tensor cut from a flat vector is.
  ['decode_head.öäü', { shape: [3], data: new Float32Array([9, 1, -0, 3, 9]).subarray(1, 4) }],
]);

test('what is written is read back exactly', async () => {
  const path = join(folder, 'plain.pth');
  await writeFileAtomic(path, ...encodeTorchFile(tensors));
  const { tensors: read, classNames, format } = await readWeights(path);
  expect(read).toEqual(tensors);
  expect([...read.keys()]).toEqual([...tensors.keys()]);
  expect(classNames).toBeUndefined();
  expect(format).toBe('PyTorch zip, plain state dict');
  expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('class names go with the weights where mmcv looks for them', async () => {
  const path = join(folder, 'named.pth');
  await writeFileAtomic(path, ...encodeTorchFile(tensors, { classNames: ['background', 'Riß'] }));
  const { tensors: read, classNames, format } = await readWeights(path);
  expect(read).toEqual(tensors);
  expect(classNames).toEqual(['background', 'Riß']);
  expect(format).toBe('PyTorch zip, mmcv checkpoint');
});

describe('byte structure', () => {
  test('a zip file without compression whose contents start at multiples of 64', async () => {
    const path = join(folder, 'structure.pth');
    const bytes = Buffer.concat(encodeTorchFile(tensors));
    await writeFile(path, bytes);
    const entries = await ByteFile.use(path, readZipDirectory);
    expect([...entries.keys()]).toEqual([
      'weights/data.pkl',
      'weights/byteorder',
      'weights/data/0',
      'weights/data/1',
      'weights/data/2',
      'weights/data/3',
      'weights/version',
    ]);
    for (const { position } of entries.values()) expect(position % 64).toBe(0);
    const content = (name: string) => {
      const { position, size } = entries.get(`weights/${name}`)!;
      return bytes.subarray(position, position + size);
    };
    expect(content('byteorder').toString()).toBe('little');
    expect(content('version').toString()).toBe('3\n');
    expect(content('data/1')).toEqual(Buffer.from(new BigInt64Array([123456789012n]).buffer));
    const stateDict = content('data.pkl').toString('latin1');
    expect(
      stateDict.startsWith(
        '\x80\x02ccollections\nOrderedDict\nq\x00(tR(X\x14\x00\x00\x00backbone.conv.weight',
      ),
    ).toBe(true);
    expect(stateDict).toContain('ctorch._utils\n_rebuild_tensor_v2\n');
    expect(stateDict.endsWith('u.')).toBe(true);
  });

  test('checksums are those of the contents', () => {
    const bytes = Buffer.concat(encodeTorchFile(new Map([['a', tensors.get('backbone.conv.weight')!]])));
    const begin = bytes.readUInt32LE(bytes.length - 6);
    const pickleBytes = bytes.readUInt32LE(begin + 24);
    expect(bytes.readUInt32LE(begin + 16)).toBe(crc32(bytes.subarray(64, 64 + pickleBytes)));
  });

  test('the storage of a tensor is its values alone', async () => {
    const path = join(folder, 'storages.pth');
    await writeFileAtomic(path, ...encodeTorchFile(tensors));
    await ByteFile.use(path, async (file) => {
      const torchFile = await describeTorchFile(file);
      const stateDict = torchFile.root as Map<string, never>;
      expect(torchFile.tensor(stateDict.get('decode_head.öäü'))).toMatchObject({
        type: 'float32',
        shape: [3],
        strides: [1],
      });
    });
  });

  test('equal weights make equal files', () => {
    expect(Buffer.concat(encodeTorchFile(tensors))).toEqual(Buffer.concat(encodeTorchFile(new Map(tensors))));
  });

  test('a shape that does not fit its values is not written', () => {
    const wrong = new Map([['a', { shape: [3], data: new Float32Array(2) }]]);
    expect(() => encodeTorchFile(wrong)).toThrow(/tensor a has 2 values but shape \[3\]/);
  });
});
