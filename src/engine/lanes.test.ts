import { describe, expect, it } from 'vitest';
import { input, relu, resizeBilinear } from '../graph/index.js';
import { serializeLowered } from '../graph/onnx/serialize.js';
import { lanesFor, loadLaned } from './lanes.js';

const image = input('image', 'float32', [2, 1, 2, 2]);
const model = serializeLowered({
  inputs: [image],
  outputs: { y: relu(resizeBilinear(image, [4, 4])) },
  dynamicBatch: true,
});
const feed = (value: number) => ({
  image: { dtype: 'float32', shape: [1, 1, 2, 2], data: new Float32Array(4).fill(value) } as const,
});

it('a lane has one thread, where bits do not depend on their number', () => {
  expect([1, 2, 3, 4, 16].map((threads) => lanesFor(threads))).toEqual([1, 2, 3, 1, 1]);
});

describe('loadLaned', () => {
  it('gives every run its own answer, alone and side by side', async () => {
    const laned = await loadLaned(model, { threads: 2, cache: false });
    expect(laned.atOnce).toBe(2);
    const firstOf = async (value: number) => (await laned.run(feed(value))).y!.data[0];
    // Many enough for lanes to be started on the way.
    for (let round = 0; round < 20; round++) {
      const values = [1, 2, 3, 4, 5].map((value) => value + 10 * round);
      expect(await Promise.all(values.map(firstOf))).toEqual(values);
    }
    expect(await firstOf(7)).toBe(7);
    await laned.dispose();
    await expect(firstOf(7)).rejects.toThrow('disposed');
  });

  it('can be disposed of while lanes are started', async () => {
    const laned = await loadLaned(model, { threads: 2, cache: false });
    const runs = Array.from({ length: 8 }, (_, i) => laned.run(feed(i)));
    const settled = Promise.allSettled(runs);
    await laned.dispose();
    await settled;
  });

  it('says why a model is refused', async () => {
    await expect(loadLaned(Uint8Array.of(1, 2, 3), { threads: 2, cache: false })).rejects.toThrow(
      'cannot load the ONNX model',
    );
  });
});
