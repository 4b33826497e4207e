/** @file Exported files that were made to do harm where they are explained: names that lead elsewhere, features that are none. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportModel } from '../../export/export-model.js';
import { livelyCheckpoint, type Scenes, scenesIn } from '../../export/formats/lively.cases.js';
import { type ModelProto, ModelProtoSchema, NodeProtoSchema } from '../../graph/onnx/onnx_pb.js';
import { explain } from './explain.js';

let folder: string;
let scenes: Scenes;
let good: Uint8Array;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-explain-hostile-'));
  scenes = await scenesIn(join(folder, 'data'), { width: 64, height: 64 });
  const weights = join(folder, 'weights.safetensors');
  await livelyCheckpoint(weights, 'Lite-HRNet-s-mod2', scenes, { inputSize: '64x64' });
  const { model } = await exportModel({ weights, output: join(folder, 'good'), dumpFeatures: true });
  good = new Uint8Array(await readFile(model));
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

async function explained(name: string, change: (model: ModelProto) => void) {
  const model = fromBinary(ModelProtoSchema, good);
  change(model);
  const weights = join(folder, `${name}.onnx`);
  await writeFile(weights, toBinary(ModelProtoSchema, model));
  const output = join(folder, name, 'why');
  return explain({ weights, input: scenes.images[0]!, output, allClasses: true, threads: 1 });
}

test('names of classes lead nowhere', { timeout: 60_000 }, async () => {
  const { images } = await explained('names', ({ metadataProps }) => {
    const entry = metadataProps.find(({ key }) => key === 'otx')!;
    const content = JSON.parse(entry.value);
    content.classes[1].name = '../../../evil';
    content.classes[2].name = 'C:\\evil';
    entry.value = JSON.stringify(content);
  });
  expect(images[0]!.maps.map(({ className }) => className)).toContain('../../../evil');
  expect(await readdir(join(folder, 'names'))).toEqual(['why']);
  const classes = await readdir(join(folder, 'names', 'why', 'maps', 'probability'));
  expect(classes).toContain('1-_evil');
  expect(classes).toContain('2-C_evil');
});

test('features that are no numbers, or no maps, are refused in a line', { timeout: 60_000 }, async () => {
  const fed = (opType: string) => (model: ModelProto) => {
    const { node } = model.graph!;
    const last = node.find(({ output }) => output.includes('feature_vector'))!;
    last.opType = 'Concat';
    last.input = ['evil means'];
    node.push(
      create(NodeProtoSchema, { opType: 'Neg', input: ['input'], output: ['evil 1'], name: 'evil 1' }),
      create(NodeProtoSchema, { opType: 'Abs', input: ['evil 1'], output: ['evil 2'], name: 'evil 2' }),
      create(NodeProtoSchema, { opType: 'Neg', input: ['evil 2'], output: ['evil 3'], name: 'evil 3' }),
      create(NodeProtoSchema, { opType, input: ['evil 3'], output: ['evil 4'], name: 'evil 4' }),
      create(NodeProtoSchema, {
        ...{ opType: 'ReduceMean', input: ['evil 4'], output: ['evil means'], name: 'evil means' },
      }),
    );
  };
  // The logarithm of what is below 0, and planes in one row.
  for (const [name, opType] of [
    ['nan', 'Log'],
    ['flat', 'Flatten'],
  ] as const) {
    await expect(explained(name, fed(opType))).rejects.toThrow(
      new RegExp(`${name}\\.onnx: gives features that are no finite numbers`),
    );
  }
});
