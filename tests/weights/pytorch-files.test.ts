/** @file Weight files that PyTorch itself has written, in every shape that the outside world sends them. */
import { beforeAll, describe, expect, test } from 'vitest';
import { runGraph } from '../../src/engine/run-graph.js';
import { input, type Shape } from '../../src/graph/index.js';
import { createSegmentor, describe as describeModel, type ModelName } from '../../src/models/index.js';
import { ConstantStore, Scope } from '../../src/nn/index.js';
import { matchWeights, readWeights, type Weights } from '../../src/weights/index.js';
import {
  goldenExists,
  goldenImages,
  goldenPath,
  probe,
  readGoldenJson,
  readNpy,
  relativeError,
} from '../golden.js';

interface Index {
  readonly probes: Readonly<Record<string, number>>;
  readonly values: Readonly<Record<string, unknown>>;
}

const read = (file: string): Promise<Weights> => readWeights(goldenPath(`checkpoints/${file}`));
const floats = ({ tensors }: Weights): Map<string, Float32Array> =>
  new Map([...tensors].map(([key, { data }]) => [key, Float32Array.from(data, Number)]));
const variablesOf = (model: ModelName, numClasses: number) =>
  describeModel(createSegmentor(model, { numClasses }), [1, 3, 64, 64]).variables;

describe.skipIf(!goldenExists)('files of PyTorch', () => {
  let index: Readonly<Record<string, Index>>;
  beforeAll(() => {
    index = readGoldenJson('checkpoints/index.json');
  });

  /** Every tensor of the index, counters aside, has its fingerprint. */
  function expectProbes(weights: Weights, file: string, prefix = ''): void {
    const probes = Object.entries(index[file]!.probes);
    expect(probes.length).toBeGreaterThan(500);
    for (const [key, expected] of probes) {
      const values = weights.tensors.get(prefix + key)!.data as Float32Array;
      expect(Math.abs(probe(prefix + key, values) - expected), key).toBeLessThan(
        1e-8 * Math.max(1, Math.abs(expected)),
      );
    }
  }

  test('a snapshot of OTX: all tensors of the model, the class names, nothing of the optimiser', async () => {
    const weights = await read('snapshot_lite_hrnet_s.pth');
    expect(weights.format).toBe('PyTorch zip, OTX snapshot');
    expect(weights.classNames).toEqual(['background', 'crack', 'stain']);
    expectProbes(weights, 'snapshot_lite_hrnet_s.pth');
    const variables = variablesOf('lite-hrnet-s', 3);
    const match = matchWeights(weights.tensors, variables, { source: 's.pth', expectBackbone: true });
    expect(match.report).toBe('loaded 902 of 902 tensors from s.pth');
    expect(match.loaded.size).toBe(variables.length);
    expect(weights.tensors.size).toBe(variables.length);
    expect(weights.tensors.get('backbone.stem.conv1.bn.num_batches_tracked')!.data).toBeInstanceOf(
      BigInt64Array,
    );
  });

  test('its logits are those of PyTorch', async () => {
    const weights = floats(await read('snapshot_lite_hrnet_s.pth'));
    const shape: Shape = [1, 3, 64, 64];
    const logits = createSegmentor('lite-hrnet-s', { numClasses: 3 })(
      new Scope(new ConstantStore(weights), false),
      input('images', 'float32', shape),
    );
    const [result] = await runGraph(
      [logits],
      { images: goldenImages('input', shape) },
      { threads: 1, rewrite: true },
    );
    const expected = readNpy('checkpoints/snapshot_lite_hrnet_s.eval_b.npy').data;
    expect(relativeError(result as Float32Array, expected)).toBeLessThan(1e-4);
  });

  test('safetensors with the same tensors', async () => {
    const weights = await read('lite_hrnet_s.safetensors');
    expect(weights.format).toBe('safetensors');
    expectProbes(weights, 'lite_hrnet_s.safetensors');
    const snapshot = await read('snapshot_lite_hrnet_s.pth');
    expect([...weights.tensors.keys()].sort()).toEqual([...snapshot.tensors.keys()].sort());
    for (const [key, { shape, data }] of weights.tensors) {
      const other = snapshot.tensors.get(key)!;
      expect(other.shape, key).toEqual(shape);
      expect(Buffer.compare(Buffer.from(other.data.buffer), Buffer.from(data.buffer)), key).toBe(0);
    }
  });

  test('the legacy format with half precision', async () => {
    const weights = await read('legacy_half_lite_hrnet_s.pth');
    expect(weights.format).toBe('PyTorch legacy, plain state dict');
    expectProbes(weights, 'legacy_half_lite_hrnet_s.pth');
  });

  test('a backbone trained on ImageNet: prefix added, head left out', async () => {
    const weights = await read('backbone_lite_hrnet_18.pth');
    const inFile = await readWeights(goldenPath('checkpoints/backbone_lite_hrnet_18.pth'), 'file');
    expect([...inFile.tensors.keys()].some((key) => key.startsWith('head.'))).toBe(true);
    expect(inFile.tensors.has('stem.conv1.conv.weight')).toBe(true);
    expectProbes(weights, 'backbone_lite_hrnet_18.pth', 'backbone.');
    expect([...weights.tensors.keys()].every((key) => key.startsWith('backbone.'))).toBe(true);
    const variables = variablesOf('lite-hrnet-18', 5).filter(({ key }) => key.startsWith('backbone.'));
    const { report, loaded } = matchWeights(weights.tensors, variables, {
      source: 'b.pth',
      expectBackbone: true,
    });
    expect(report).toMatch(/^loaded (\d+) of \1 tensors from b\.pth$/);
    expect(loaded.size).toBe(variables.length);
  });

  test('another backbone is refused', async () => {
    const { tensors } = await read('backbone_lite_hrnet_18.pth');
    const match = () =>
      matchWeights(tensors, variablesOf('segnext-t', 5), { source: 'b.pth', expectBackbone: true });
    expect(match).toThrow(/b\.pth: only 0 of \d+ tensors of the backbone fit/);
  });

  test('official SegNeXt names in bfloat16, without the bases', async () => {
    const weights = await read('official_bf16_segnext_t.pth');
    expectProbes(weights, 'official_bf16_segnext_t.pth');
    const match = matchWeights(weights.tensors, variablesOf('segnext-t', 5), {
      source: 't.pth',
      expectBackbone: true,
    });
    expect(match.missing).toEqual(['decode_head.hamburger.ham.bases']);
    expect([...match.unexpected, ...match.mismatched]).toEqual([]);
  });

  test('views, transposed and repeated tensors, scalars, empty ones, other types', async () => {
    const { tensors } = await readWeights(goldenPath('checkpoints/odd_layouts.pth'), 'file');
    const { values } = index['odd_layouts.pth']!;
    expect([...tensors.keys()]).toEqual(Object.keys(values));
    for (const [name, expected] of Object.entries(values)) {
      const nested = [expected].flat(Number.POSITIVE_INFINITY);
      expect(Array.from(tensors.get(name)!.data, Number), name).toEqual(nested.map(Number));
    }
    expect(tensors.get('transposed')!.shape).toEqual([5, 4]);
    expect(tensors.get('scalar')!.shape).toEqual([]);
    expect(tensors.get('empty')!.shape).toEqual([0, 7]);
  });
});
