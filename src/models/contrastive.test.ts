import { expect, test } from 'vitest';
import { interpret } from '../../tests/graph/reference.js';
import { Random } from '../base/random.js';
import { runGraph } from '../engine/run-graph.js';
import { concat, gradients, input, reduceSum, resizeBilinear, sizeOf, type Tensor } from '../graph/index.js';
import { ConstantStore, describe, initialValue, Scope } from '../nn/index.js';
import { contrastiveConfig, pooledRegions, predictor, projector } from './contrastive.js';
import { createBackbone, segmentorConfigs } from './index.js';

const models = Object.keys(segmentorConfigs);
const images = (size: number): Tensor => input('images', 'float32', [1, 3, size, size]);

/** Feature maps of a backbone, as symbols. */
function mapsOf(model: string, size: number): readonly Tensor[] {
  let maps: readonly Tensor[] = [];
  describe((scope, x) => {
    maps = createBackbone(model)(scope, x);
    return maps[0]!;
  }, images(size).shape);
  return maps;
}

test.each(models)('%s gives the maps, channels and stride that the table says', (model) => {
  const { maps, channels, stride } = contrastiveConfig(model);
  const all = mapsOf(model, 224);
  const used = all.slice(...maps);
  expect(used).toHaveLength(maps[1] - maps[0]);
  expect(used.reduce((sum, { shape }) => sum + shape[1]!, 0)).toBe(channels);
  expect(used[0]!.shape.slice(2)).toEqual([224 / stride, 224 / stride]);
  // Nothing of a higher index is left out.
  expect(all).toHaveLength(maps[1]);
});

test('an unknown model is a template error', () => {
  expect(() => contrastiveConfig('lite-hrnet-17')).toThrow(/unknown model "lite-hrnet-17".*segnext-b/);
});

const SIZES = [
  [2, 6, 5],
  [3, 3, 3],
  [1, 2, 1],
] as const;
const IMAGES = 2;
const config = { maps: [1, 4], channels: 6, stride: 8, hidden: 8, width: 4 } as const;
const features = [
  input('unused', 'float32', [IMAGES, 9, 12, 10]),
  ...SIZES.map(([c, h, w]) => input(`map${h}`, 'float32', [IMAGES, c, h, w])),
];
const random = new Random('pooled regions');
const feeds = {
  ...Object.fromEntries(
    SIZES.map(([c, h, w]) => [
      `map${h}`,
      Float32Array.from({ length: IMAGES * c * h * w }, () => random.normal()),
    ]),
  ),
  regions: Uint8Array.from({ length: IMAGES * 30 }, () => 253 + random.integer(3)),
  // The last of each image is not there.
  ids: Uint8Array.of(253, 255, 253, 7, 254, 254, 255, 0),
};
const regions = input('regions', 'uint8', [IMAGES, 6, 5]);
const ids = input('ids', 'uint8', [IMAGES, 4]);

test('regions are averaged as by resizing, joining and averaging every map', async () => {
  const pooled = pooledRegions(features, regions, ids, config);
  expect(pooled.shape).toEqual([IMAGES * 4, 6]);
  const joined = concat(
    features.slice(1).map((map) => resizeBilinear(map, [6, 5])),
    1,
  );
  const [maps] = interpret([joined], feeds);
  const [exact] = interpret([pooled], feeds);
  const [rounded] = await runGraph([pooled], feeds);
  for (let n = 0; n < IMAGES; n++)
    for (let r = 0; r < 4; r++)
      for (let c = 0; c < 6; c++) {
        const inside = Array.from({ length: 30 }, (_, p) => p).filter(
          (p) => feeds.regions[n * 30 + p] === feeds.ids[n * 4 + r],
        );
        const sum = inside.reduce((total, p) => total + maps![(n * 6 + c) * 30 + p]!, 0);
        const wanted = sum / Math.max(inside.length, 1);
        const at = (n * 4 + r) * 6 + c;
        expect(exact![at]).toBeCloseTo(wanted, 6);
        expect(Number(rounded![at])).toBeCloseTo(wanted, 5);
        if (r === 3) expect(wanted).toBe(0);
      }
});

test('a region gives its gradient to the positions that it was averaged over', () => {
  const used = features.slice(1);
  const loss = reduceSum(pooledRegions(features, regions, ids, config));
  const slopes = interpret(gradients(loss, used), feeds);
  const shift = 1e-3;
  used.forEach((map, m) => {
    const name = `map${SIZES[m]![1]}` as keyof typeof feeds;
    for (const i of [0, map.size >> 1, map.size - 1]) {
      const at = (by: number) => {
        const moved = Float64Array.from(feeds[name], (v, j) => (j === i ? v + by : v));
        return interpret([loss], { ...feeds, [name]: moved })[0]![0]!;
      };
      expect(slopes[m]![i]).toBeCloseTo((at(shift) - at(-shift)) / (2 * shift), 6);
    }
  });
});

test('regions of another size than the features are an error', () => {
  expect(() => pooledRegions(features, input('r', 'uint8', [IMAGES, 5, 6]), ids, config)).toThrow(
    /regions of 5x6 positions do not fit features of 6x5/,
  );
});

test('projector and predictor have the variables and first values of the reference', () => {
  const rows = input('rows', 'float32', [8, 600]);
  const c = contrastiveConfig('lite-hrnet-18');
  const { variables } = describe(
    (scope) => predictor(scope.child('predictor'), projector(scope.child('projector'), rows, c), c),
    [1, 3, 8, 8],
  );
  const shapes = Object.fromEntries(
    variables.filter(({ kind }) => kind === 'parameter').map(({ key, shape }) => [key, shape]),
  );
  expect(shapes).toEqual({
    'projector.0.weight': [256, 600],
    'projector.0.bias': [256],
    'projector.1.weight': [256],
    'projector.1.bias': [256],
    'projector.3.weight': [128, 256],
    'projector.3.bias': [128],
    'predictor.0.weight': [256, 128],
    'predictor.0.bias': [256],
    'predictor.1.weight': [256],
    'predictor.1.bias': [256],
    'predictor.3.weight': [128, 256],
    'predictor.3.bias': [128],
  });
  const deviation = (key: string) => {
    const values = initialValue(variables.find((spec) => spec.key === key)!, 3);
    return Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
  };
  expect(deviation('projector.0.weight') / Math.sqrt(2 / 600)).toBeCloseTo(1, 1);
  expect(deviation('projector.3.weight') / Math.sqrt(2 / 256)).toBeCloseTo(1, 1);
  expect(deviation('predictor.0.weight') / 0.01).toBeCloseTo(1, 1);
  expect(deviation('predictor.3.weight') / 0.01).toBeCloseTo(1, 1);
  expect(deviation('projector.0.bias') + deviation('predictor.3.bias')).toBe(0);
});

test('both are fully connected, in evaluation too', () => {
  const rows = input('rows', 'float32', [3, 2]);
  const c = { ...config, hidden: 2, width: 1 };
  const values: Record<string, number[]> = {
    '0.weight': [1, 2, -1, 0],
    '0.bias': [0.5, 0],
    '1.weight': [2, 1],
    '1.bias': [0, -1],
    '1.running_mean': [1, 0],
    '1.running_var': [1 - 1e-5, 1 - 1e-5],
    '3.weight': [1, 10],
    '3.bias': [-3],
  };
  const store = new ConstantStore(
    new Map(Object.entries(values).map(([key, list]) => [key, Float32Array.from(list)])),
  );
  const y = projector(new Scope(store, false), rows, c);
  const [result] = interpret([y], { rows: Float64Array.of(1, 1, -4, 0, 0, 0) });
  // Row 1: hidden 3.5, −1 → 2·2.5 = 5, −2 → 5, 0 → 2. Row 2: −3.5, 4 → −9, 3 → 0, 3 → 27. Row 3: 0.5, 0 → −1, −1 → 0.
  expect(sizeOf(y.shape)).toBe(3);
  [2, 27, -3].forEach((value, i) => {
    expect(result![i]).toBeCloseTo(value, 5);
  });
});
