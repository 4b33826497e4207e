import { describe, expect, test } from 'vitest';
import type { EvalItem, EvalLoader } from '../data/index.js';
import { validate } from './validate.js';

const SIZE = 4;

/** Images of 8x8 pixels whose truth is the class with the number of the image; the right answer is written in the image. */
function loaderOf(count: number): EvalLoader {
  return {
    length: count,
    async *[Symbol.asyncIterator]() {
      for (let index = 0; index < count; index++) {
        const mask = new Uint8Array(64).fill(index);
        yield { image: Float32Array.of(index), mask, width: 8, height: 8, sample: {} } as unknown as EvalItem;
      }
    },
    dispose: async () => undefined,
  };
}

/** Logits in favour of \`label\`. */
function logitsFor(label: number, classes: number): Float32Array {
  const area = SIZE * SIZE;
  return new Float32Array(classes * area).fill(3, label * area, (label + 1) * area);
}

describe('validation', () => {
  test('scores every image at its own size', async () => {
    const progress: number[] = [];
    const matrix = await validate(loaderOf(3), async (image) => logitsFor(Math.min(image[0]!, 1), 3), {
      classes: 3,
      inputSize: { width: SIZE, height: SIZE },
      onProgress: (done) => progress.push(done),
    });
    expect([...matrix.counts]).toEqual([64, 0, 0, 0, 64, 0, 0, 64, 0]);
    expect(progress).toEqual([1, 2, 3]);
  });

  test('hands the engine the next image before it waits for the last one', async () => {
    const started: number[] = [];
    const finish: (() => void)[] = [];
    const running = validate(
      loaderOf(3),
      (image) => {
        started.push(image[0]!);
        return new Promise((resolve) => {
          finish.push(() => resolve(logitsFor(0, 3)));
        });
      },
      { classes: 3, inputSize: { width: SIZE, height: SIZE } },
    );
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(started).toEqual([0, 1]);
    for (let index = 0; index < 3; index++) {
      finish[index]!();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await running;
    expect(started).toEqual([0, 1, 2]);
  });

  test('a failure of the engine ends it', async () => {
    const segment = async (image: Float32Array) => {
      if (image[0] === 1) throw new Error('no memory');
      return logitsFor(0, 3);
    };
    await expect(
      validate(loaderOf(3), segment, { classes: 3, inputSize: { width: SIZE, height: SIZE } }),
    ).rejects.toThrow('no memory');
  });

  test('a stop ends it after the current image', async () => {
    const controller = new AbortController();
    const running = validate(loaderOf(100), async () => logitsFor(0, 100), {
      classes: 100,
      inputSize: { width: SIZE, height: SIZE },
      signal: controller.signal,
      onProgress: (done) => done === 5 && controller.abort(),
    });
    await expect(running).rejects.toMatchObject({
      code: 'aborted',
      message: expect.stringMatching(/[56] of 100/),
    });
  });
});
