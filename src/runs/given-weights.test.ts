import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFileAtomic } from '../base/atomic.js';
import { loadTrainedModel } from '../inference/trained-model.js';
import { createSegmentor, describe as describeModel } from '../models/index.js';
import { encodeTorchFile, type WeightTensor } from '../weights/index.js';
import { encodeSafetensors } from '../weights/safetensors.js';
import { type GivenWeights, openGivenWeights, stateFromWeights } from './given-weights.js';
import { formatLabelSchema } from './label-schema.js';
import { initialState, stateTensors } from './state-dict.js';

const CLASSES = ['background', 'road', 'car'].map((name, i) => ({ name, color: [i, 2, 3] as const }));
const SWAPPED = ['background', 'car', 'tree'].map((name) => ({ name, color: [0, 0, 0] as const }));
const BIAS = 'decode_head.conv_seg.bias';

const { variables } = describeModel(createSegmentor('lite-hrnet-s', { numClasses: 3 }), [1, 3, 64, 64]);
const tensors: Map<string, WeightTensor> = stateTensors(initialState(variables, 5), variables);
tensors.set(BIAS, { shape: [3], data: Float32Array.of(1, 2, 3) });
const fresh = initialState(variables, 6).set(BIAS, Float32Array.of(-1, -2, -3));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-given-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function torchFile(name: string, given = tensors, classNames?: string[]): Promise<string> {
  const path = join(folder, name);
  await writeFileAtomic(path, ...encodeTorchFile(given, classNames ? { classNames } : {}));
  return path;
}

async function stateOf(path: string, classes: typeof SWAPPED, complete = false) {
  const given = (await openGivenWeights(path)) as GivenWeights & { kind: 'weights' };
  expect(given.kind).toBe('weights');
  return stateFromWeights(given.weights, path, variables, classes, { fresh, complete });
}

describe('weights from elsewhere', () => {
  test('rows of the last layer go by class name where the file has names', async () => {
    const path = await torchFile('named.pth', tensors, ['background', 'road', 'car']);
    const { state, report } = await stateOf(path, SWAPPED);
    expect([...state.get(BIAS)!]).toEqual([1, 3, -3]);
    expect(report).toMatch(/^loaded (\d+) of \1 tensors from .*named\.pth\n/);
    expect(report).toMatch(/classes that start fresh: tree\n.*classes dropped: road$/);
  });

  test('without names the last layer is taken as it is', async () => {
    const { state } = await stateOf(await torchFile('nameless.pt'), SWAPPED);
    expect([...state.get(BIAS)!]).toEqual([1, 2, 3]);
  });

  test('a safetensors file of another program is one of them', async () => {
    const path = join(folder, 'other.safetensors');
    await writeFileAtomic(path, encodeSafetensors({ tensors: stateTensors(fresh, variables), metadata: {} }));
    expect([...(await stateOf(path, SWAPPED)).state.get(BIAS)!]).toEqual([-1, -2, -3]);
  });

  test('an exported model is none of them', async () => {
    for (const name of ['model.ONNX', 'openvino.xml']) {
      await expect(openGivenWeights(join(folder, name))).rejects.toThrow(
        `${name}: is an exported model, for eval, predict and explain; give the run folder or checkpoint`,
      );
    }
  });

  test('a backbone alone starts a training, and is no model', async () => {
    const path = await torchFile(
      'bone.pth',
      new Map([...tensors].filter(([key]) => key.startsWith('backbone'))),
    );
    const { state } = await stateOf(path, SWAPPED);
    expect(state.get(BIAS)).toEqual(fresh.get(BIAS));
    expect(state.get('backbone.stem.conv1.conv.weight')).toEqual(
      tensors.get('backbone.stem.conv1.conv.weight')!.data,
    );
    await expect(stateOf(path, SWAPPED, true)).rejects.toThrow(
      /not a complete model, \d+ tensors .*--load-weights/,
    );
  });

  test('a model needs a template and classes, which may be beside the file', async () => {
    const weights = await torchFile('model.pth');
    const template = 'Lite-HRNet-s-mod2';
    await expect(loadTrainedModel({ weights })).rejects.toThrow(
      /does not name its template; give the template/,
    );
    await expect(loadTrainedModel({ weights, template })).rejects.toThrow(/put the label_schema\.json/);
    await writeFileAtomic(join(folder, 'label_schema.json'), formatLabelSchema(CLASSES));
    const { classes } = await loadTrainedModel({ weights, template });
    expect(classes.map(({ name }) => name)).toEqual(['background', 'road', 'car']);
    expect(classes[2]!.color).toEqual([2, 2, 3]);
  });
});
