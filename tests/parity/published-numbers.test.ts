/**
 * @file Logits of the reference networks on deterministic weights (double precision), which hold without any other
 * file: variables and image come from a linear congruential generator and a sine.
 */
import { describe, expect, test } from 'vitest';
import { fnv1a32 } from '../../src/base/random.js';
import { runGraph } from '../../src/engine/run-graph.js';
import { input, reduceMean, type Shape, sizeOf, type Tensor } from '../../src/graph/index.js';
import {
  createBackbone,
  createSegmentor,
  describe as describeModel,
  type ModelName,
} from '../../src/models/index.js';
import { ConstantStore, Scope } from '../../src/nn/index.js';

const SHAPE: Shape = [1, 3, 64, 96];
/** What single precision is expected to reach against double. */
const TOLERANCE = 1e-4;

interface Expected {
  readonly shape: Shape;
  readonly sum: number;
  readonly meanAbsolute: number;
  /** Logits at [0,0,0,0], [0,1,3,5] and at the last position of class 2. */
  readonly samples: readonly [number, number, number];
  /** Mean of every output of the backbone. */
  readonly features: readonly number[];
}

const expected: Readonly<Record<ModelName, Expected>> = {
  'lite-hrnet-s': {
    shape: [1, 3, 8, 12],
    sum: 1936.074911,
    meanAbsolute: 12.61955497,
    samples: [1.436753613, -10.55133518, 5.868911108],
    features: [1.735089982, 4.985873132, 2.543711638],
  },
  'lite-hrnet-18': {
    shape: [1, 3, 16, 24],
    sum: -7650.056186,
    meanAbsolute: 22.27126876,
    samples: [-5.844076599, -40.27802576, 12.21450993],
    features: [4.481591138, 10.69419359, 19.54901583, 6.659015207],
  },
  'lite-hrnet-x': {
    shape: [1, 3, 32, 48],
    sum: -3496570.687,
    meanAbsolute: 4137.451923,
    samples: [987.2426437, -4000.583196, 169.5941903],
    features: [871.6865189, 1243.709975, 1580.836124, 964.2100135, 699.1182219],
  },
  'segnext-t': {
    shape: [1, 3, 8, 12],
    sum: -76.27778886,
    meanAbsolute: 0.5319478373,
    samples: [0.6666887615, -0.2469477635, -1.53084526],
    features: [-0.03013113664, -0.005492033179, -0.007952326406, -0.004472374834],
  },
  'segnext-s': {
    shape: [1, 3, 8, 12],
    sum: -79.06035939,
    meanAbsolute: 0.4273184448,
    samples: [0.9971835035, -0.2255724773, -0.3419416447],
    features: [-0.001222118131, -0.004213209816, -0.005533887555, 0.0001555104757],
  },
  'segnext-b': {
    shape: [1, 3, 8, 12],
    sum: 151.1940643,
    meanAbsolute: 0.5732494381,
    samples: [1.03893861, 0.28611841, 0.2141486222],
    features: [0.005002634342, -0.006379834966, -0.005836274732, -0.005189305777],
  },
};

function fill(key: string, shape: Shape): Float32Array {
  let state = fnv1a32(key);
  const last = key.slice(key.lastIndexOf('.') + 1);
  return Float32Array.from({ length: sizeOf(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const u = state / 4294967296;
    if (last === 'running_mean' || last === 'bias') return 0.1 * (2 * u - 1);
    if (last.startsWith('layer_scale')) return 0.1 * (0.5 + u);
    if (last === 'bases') return u;
    if (shape.length < 2) return 0.5 + u;
    return (2 * u - 1) * Math.sqrt(3 / sizeOf(shape.slice(1)));
  });
}

function sineImage(): Float32Array {
  const [, , h, w] = SHAPE as [number, number, number, number];
  return Float32Array.from({ length: sizeOf(SHAPE) }, (_, i) => {
    const [c, y, x] = [Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w];
    return Math.sin(0.7 * c + 0.05 * y + 0.11 * x);
  });
}

describe.each(Object.entries(expected))('%s', (name, { shape, sum, meanAbsolute, samples, features }) => {
  const segmentor = createSegmentor(name, { numClasses: 3 });
  const { variables } = describeModel(segmentor, SHAPE);
  const store = new ConstantStore(new Map(variables.map((spec) => [spec.key, fill(spec.key, spec.shape)])));
  const scope = new Scope(store, false);
  const run = async (outputs: (images: Tensor) => readonly Tensor[]): Promise<Float32Array[]> => {
    const results = await runGraph(outputs(input('images', 'float32', SHAPE)), { images: sineImage() });
    return results as Float32Array[];
  };
  const close = (actual: number, wanted: number, scale = Math.abs(wanted)) =>
    expect(Math.abs(actual - wanted) / scale).toBeLessThan(TOLERANCE);

  test('logits', async () => {
    const [logits] = (await run((images) => [segmentor(scope, images)])) as [Float32Array];
    const [, classes, h, w] = shape as [number, number, number, number];
    expect(logits.length).toBe(classes * h * w);
    const last = 3 * h * w - 1;
    [0, h * w + 3 * w + 5, last].forEach((index, i) => {
      close(logits[index]!, samples[i]!, meanAbsolute);
    });
    close(
      logits.reduce((a, b) => a + b, 0),
      sum,
      meanAbsolute * logits.length,
    );
    close(logits.reduce((a, b) => a + Math.abs(b), 0) / logits.length, meanAbsolute);
  });

  test('mean of every backbone output', async () => {
    const backbone = createBackbone(name);
    const means = await run((images) =>
      backbone(scope.child('backbone'), images).map((feature) => reduceMean(feature)),
    );
    expect(means.length).toBe(features.length);
    means.forEach(([mean], i) => {
      close(mean!, features[i]!);
    });
  });
});
