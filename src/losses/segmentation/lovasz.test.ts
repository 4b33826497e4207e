import { describe, expect, test } from 'vitest';
import { IGNORE_INDEX } from '../../base/ignore-index.js';
import { Random } from '../../base/random.js';
import { runGraph } from '../../engine/run-graph.js';
import { gradients, input, type Shape } from '../../graph/index.js';
import { lovaszSoftmax } from './lovasz.js';

/** Loss and gradient for logits [N, K, H, W]. */
async function run([n, k, h, w]: Shape, logits: Float32Array, labels: Uint8Array, threads = 1) {
  const x = input('logits', 'float32', [n!, k!, h!, w!]);
  const loss = lovaszSoftmax(x, input('labels', 'uint8', [n!, h!, w!]));
  const outputs = [loss, ...gradients(loss, [x])];
  const [value, gradient] = await runGraph(outputs, { logits, labels }, { threads });
  return { loss: Number(value![0]), gradient: gradient as Float32Array };
}

/** Logits that leave no doubt: of the class of a pixel 1e4, of others 0. */
function certain([n, k, h, w]: Shape, classes: ArrayLike<number>): Float32Array {
  const area = h! * w!;
  return Float32Array.from({ length: n! * k! * area }, (_, i) => {
    const pixel = Math.floor(i / (k! * area)) * area + (i % area);
    return Math.floor(i / area) % k! === classes[pixel] ? 1e4 : 0;
  });
}

/**
 * What the authors' `lovasz_softmax(softmax(x, 1), y, classes='present', per_image=False, ignore=255)` and its backward give in
 * PyTorch 2.13.0 for the same logits in float64. Class 3 is nowhere true.
 */
test('the golden numbers of the reference', async () => {
  const shape = [2, 4, 3, 5];
  const logits = Float32Array.from(
    { length: 120 },
    (_, i) => ((i * i * 37 + i * 113) % 1009) / (1009 / 6) - 3,
  );
  const labels = Uint8Array.from({ length: 30 }, (_, i) => [0, 1, 2, 0, 255][(7 * i + (i >> 2)) % 5]!);
  const { loss, gradient } = await run(shape, logits, labels);
  expect(Math.abs(loss - 0.7844679377475465)).toBeLessThan(2e-7);
  const everySeventh = [
    -0.0001704416, -0.00191926, -0.002638052, 0.0009666468, 0, 0.006491768, -0.003520655, 0, 0, -0.002384335,
    -5.828265e-5, 3.856703e-5, 0, 0.0004018083, 8.676138e-5, 0.0001309007, 0, 0.0004997473,
  ];
  everySeventh.forEach((value, i) => {
    expect(Math.abs(gradient[7 * i]! - value)).toBeLessThan(1e-8);
  });
  const size = (power: number) => gradient.reduce((sum, value) => sum + Math.abs(value) ** power, 0);
  expect(Math.abs(size(1) - 0.21850598604822846)).toBeLessThan(1e-6);
  expect(Math.abs(Math.sqrt(size(2)) - 0.03571193511924834)).toBeLessThan(1e-7);
});

const SHAPE = [2, 4, 9, 11] as const;
const PIXELS = 2 * 9 * 11;
const random = new Random('lovasz');
const drawn = (classes: number, ignored = 0): Uint8Array =>
  Uint8Array.from({ length: PIXELS }, () =>
    random.chance(ignored) ? IGNORE_INDEX : random.integer(classes),
  );

describe('of predictions without doubt, whose errors are all equal or zero', () => {
  test('it is 1 − the mean IoU of the classes that are true somewhere', async () => {
    // Class 3 is predicted, never true.
    const [truth, said] = [drawn(3, 0.3), drawn(4)];
    const { loss } = await run(SHAPE, certain(SHAPE, said), truth);
    const ious = [0, 1, 2].map((k) => {
      const counted = [...truth.keys()].filter((i) => truth[i] !== IGNORE_INDEX);
      const both = counted.filter((i) => truth[i] === k && said[i] === k).length;
      return both / counted.filter((i) => truth[i] === k || said[i] === k).length;
    });
    expect(Math.abs(loss - (1 - ious.reduce((a, b) => a + b) / 3))).toBeLessThan(1e-6);
  });

  test('it is 0 where all are right, and 1 where all are wrong', async () => {
    const truth = drawn(4);
    expect((await run(SHAPE, certain(SHAPE, truth), truth)).loss).toBe(0);
    const wrong = truth.map((label) => (label + 1) % 4);
    expect((await run(SHAPE, certain(SHAPE, wrong), truth)).loss).toBeCloseTo(1, 6);
  });
});

test.each([
  ['doubtful', Float32Array.from({ length: 4 * PIXELS }, () => random.range(-4, 4))],
  ['certain, so that errors are zero like those of ignored pixels', certain(SHAPE, drawn(4))],
  ['all alike', new Float32Array(4 * PIXELS)],
])('an image of ignored pixels changes nothing, wherever it stands; logits %s', async (_, logits) => {
  const truth = drawn(4, 0.1);
  const alone = await run(SHAPE, logits, truth);
  const more = Float32Array.from({ length: logits.length / 2 }, () => random.range(-9, 9));
  const ignored = new Uint8Array(PIXELS / 2).fill(IGNORE_INDEX);
  const joined = await run(
    [3, 4, 9, 11],
    Float32Array.of(...more, ...logits),
    Uint8Array.of(...ignored, ...truth),
  );
  expect(Math.abs(joined.loss - alone.loss)).toBeLessThan(2e-7);
  expect(joined.gradient.subarray(0, more.length).every((value) => value === 0)).toBe(true);
  alone.gradient.forEach((value, i) => {
    expect(Math.abs(joined.gradient[more.length + i]! - value)).toBeLessThan(1e-8);
  });
});

test('equal errors give the same bits with any number of threads', async () => {
  const logits = new Float32Array(4 * PIXELS).fill(0.5);
  const truth = drawn(4, 0.2);
  const [one, four, again] = [
    await run(SHAPE, logits, truth),
    await run(SHAPE, logits, truth, 4),
    await run(SHAPE, logits, truth, 4),
  ];
  expect(again).toEqual(four);
  expect(four.gradient).toEqual(one.gradient);
});

test('logits that are no numbers make it no number, and nothing worse', async () => {
  const shape = [1, 2, 80, 90];
  const logits = Float32Array.from({ length: 2 * 7200 }, (_, i) =>
    i % 3 === 0 ? Number.NaN : random.normal(),
  );
  const truth = Uint8Array.from({ length: 7200 }, () => random.integer(2));
  expect((await run(shape, logits, truth)).loss).toBeNaN();
});

test('of large batches it looks at every second pixel in both directions', async () => {
  // Twice 2·724 × 2·726 values are just too many.
  const [h, w] = [724, 726];
  const small = Float32Array.from({ length: 2 * h * w }, () => random.range(-3, 3));
  const truth = Uint8Array.from({ length: h * w }, () => random.integer(2));
  const enlarged = <T extends Float32Array | Uint8Array>(values: T, into: T): T => {
    into.forEach((_, i) => {
      const row = Math.floor(i / (2 * w));
      if (row % 2 === 0 && i % 2 === 0) into[i] = values[(row / 2) * w + (i % (2 * w)) / 2]!;
    });
    return into;
  };
  // What lies between is noise, which counts nothing.
  const noise = Float32Array.from({ length: 8 * h * w }, (_, i) => 5 * Math.sin(i));
  const large = await run(
    [1, 2, 2 * h, 2 * w],
    enlarged(small, noise),
    enlarged(truth, new Uint8Array(4 * h * w)),
  );
  const reference = await run([1, 2, h, w], small, truth);
  expect(Math.abs(large.loss - reference.loss)).toBeLessThan(1e-6);
  expect(large.gradient.filter((value) => value !== 0).length).toBeLessThanOrEqual(2 * h * w);
});
