import { expect, test } from 'vitest';
import { IGNORE_INDEX } from '../../base/ignore-index.js';
import { Random } from '../../base/random.js';
import { runGraph } from '../../engine/run-graph.js';
import { gradients, input, lower, optimize, plainLowering, reachableNodes } from '../../graph/index.js';
import { crossEntropy } from './cross-entropy.js';

const [N, K, H, W] = [2, 4, 3, 5];
const random = new Random('cross entropy');
const logits = Float32Array.from({ length: N * K * H * W }, () => random.range(-6, 6));
const labels = Uint8Array.from({ length: N * H * W }, () =>
  random.chance(0.2) ? IGNORE_INDEX : random.integer(K),
);

/** Loss and gradient in double precision, straight from the definition. */
function reference(values: Float32Array, truth: ArrayLike<number>): { loss: number; gradient: number[] } {
  const gradient = new Array<number>(values.length).fill(0);
  const pixels = N * H * W;
  let loss = 0;
  for (let p = 0; p < pixels; p++) {
    const label = truth[p]!;
    if (label < 0 || label >= K) continue;
    const at = (k: number) => (Math.floor(p / (H * W)) * K + k) * H * W + (p % (H * W));
    const scores = Array.from({ length: K }, (_, k) => values[at(k)]!);
    const top = Math.max(...scores);
    const sum = scores.reduce((total, score) => total + Math.exp(score - top), 0);
    loss += (top + Math.log(sum) - scores[label]!) / pixels;
    scores.forEach((score, k) => {
      gradient[at(k)] = (Math.exp(score - top) / sum - (k === label ? 1 : 0)) / pixels;
    });
  }
  return { loss, gradient };
}

async function run(values: Float32Array, truth: Uint8Array | Int32Array) {
  const x = input('logits', 'float32', [N, K, H, W]);
  const y = input('labels', truth instanceof Int32Array ? 'int32' : 'uint8', [N, H, W]);
  const loss = crossEntropy(x, y);
  const [value, gradient] = await runGraph([loss, ...gradients(loss, [x])], {
    logits: values,
    labels: truth,
  });
  return { loss: Number(value![0]), gradient: gradient as Float32Array };
}

/** To a few units in the last place of float32. */
const expectRelative = (actual: number, wanted: number): void =>
  expect(Math.abs(actual / wanted - 1)).toBeLessThan(1e-6);

test('value and gradient are those of the definition, ignored pixels counting in the mean only', async () => {
  const wanted = reference(logits, labels);
  const { loss, gradient } = await run(logits, labels);
  expectRelative(loss, wanted.loss);
  wanted.gradient.forEach((g, i) => {
    expect(gradient[i]).toBeCloseTo(g, 7);
  });
});

test('int32 labels work alike, and everything outside the classes is ignored', async () => {
  const truth = Int32Array.from(labels, (label, i) =>
    label === IGNORE_INDEX ? [-1, K, 1000][i % 3]! : label,
  );
  const { loss } = await run(logits, truth);
  expectRelative(loss, reference(logits, labels).loss);
});

test('logits in the thousands neither overflow nor vanish', async () => {
  const large = logits.map((value) => 1000 * value);
  const wanted = reference(large, labels);
  const { loss, gradient } = await run(large, labels);
  expect(Math.abs(loss / wanted.loss - 1)).toBeLessThan(1e-5);
  expect(gradient.every(Number.isFinite)).toBe(true);
});

test('a batch of ignored pixels has loss and gradient zero', async () => {
  const { loss, gradient } = await run(logits, new Uint8Array(N * H * W).fill(IGNORE_INDEX));
  expect(loss).toBe(0);
  expect(gradient.every((g) => g === 0)).toBe(true);
});

test('a logit that is not a number makes the loss one that is not', async () => {
  const broken = logits.slice();
  broken[7] = Number.NaN;
  expect((await run(broken, new Uint8Array(N * H * W))).loss).toBeNaN();
});

test('no gradient code is spent on the maximum', () => {
  const x = input('logits', 'float32', [N, K, H, W]);
  const loss = crossEntropy(x, input('labels', 'uint8', [N, H, W]));
  const outputs = optimize(lower(gradients(loss, [x]), plainLowering));
  const equalities = reachableNodes(outputs).filter(({ op }) => op === 'equal');
  expect(equalities.length).toBe(1);
});

test('labels of another size are an error', () => {
  const x = input('logits', 'float32', [N, K, H, W]);
  expect(() => crossEntropy(x, input('labels', 'uint8', [N, H, W + 1]))).toThrow(/uint8\[2,3,6\]/);
});
