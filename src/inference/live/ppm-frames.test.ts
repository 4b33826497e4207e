import { expect, test } from 'vitest';
import { newestOf, ppmFrames } from './ppm-frames.js';

const ppm = (width: number, height: number, first: number) =>
  Buffer.concat([
    Buffer.from(`P6\n${width} ${height}\n255\n`),
    Uint8Array.from({ length: 3 * width * height }, (_, index) => (first + index) % 256),
  ]);

async function* inPieces(bytes: Buffer, size: number) {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test.each([1, 2, 7, 16, 1000])('frames of two sizes come whole out of pieces of %i bytes', async (size) => {
  // Pixels that look like a header are pixels.
  const bytes = Buffer.concat([ppm(3, 2, 0), ppm(4, 5, 'P'.charCodeAt(0)), ppm(1, 1, 9)]);
  const frames = await all(ppmFrames(inPieces(bytes, size)));
  expect(frames.map(({ width, height }) => `${width}x${height}`)).toEqual(['3x2', '4x5', '1x1']);
  expect([...frames[1]!.data]).toEqual(Array.from({ length: 60 }, (_, index) => 80 + index));
  expect([...frames[2]!.data]).toEqual([9, 10, 11]);
});

test('a last frame that is incomplete is left out', async () => {
  const bytes = Buffer.concat([ppm(3, 2, 0), ppm(4, 5, 0).subarray(0, 40)]);
  expect(await all(ppmFrames(inPieces(bytes, 8)))).toHaveLength(1);
});

test.each([
  ['P6\n99999 99999\n255\n', /a frame of 99999x99999 pixels/],
  ['P6\n0 8\n255\n', /a frame of 0x8 pixels/],
  ['P6\n8 8\n65535\nxxxxxxxxxxxxxxxxxxxxxxxx', /is no picture/],
  ['<html>this is a page, not a film</html>', /a frame begins with "<html>/],
])('a header that lies is refused before memory is taken: %j', async (head, message) => {
  await expect(all(ppmFrames(inPieces(Buffer.from(head), 5)))).rejects.toThrow(message);
});

test('of frames that come faster than they are taken, the newest is given', async () => {
  const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
  let stopped = 0;
  const camera = (async function* () {
    for (let frame = 0; frame < 40; frame++) {
      await pause();
      yield frame;
    }
  })();
  const seen: number[] = [];
  for await (const frame of newestOf(camera, () => stopped++)) {
    seen.push(frame);
    for (let wait = 0; wait < 5; wait++) await pause();
  }
  expect(seen.length).toBeLessThan(30);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen.at(-1)).toBe(39);
  expect(stopped).toBe(1);
});

test('what ends a camera is told to who waits for its frames', async () => {
  const broken = (async function* () {
    yield 1;
    throw new Error('unplugged');
  })();
  await expect(all(newestOf(broken, () => undefined))).rejects.toThrow('unplugged');
});
