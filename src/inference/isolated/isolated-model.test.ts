import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { toPlanes } from '../../data/images/network-input.js';
import { untrainedCheckpoint } from '../../demo/untrained.js';
import { exportModel } from '../../export/export-model.js';
import { LARGEST } from '../../weights/check-values.js';
import { USUAL_FORM } from '../file-form.js';
import { type IsolatedModel, loadIsolated } from './isolated-model.js';
import type { ClassifyRequest } from './protocol.js';

/** What goes to the process and comes back, in its order. */
const messages: string[] = [];
vi.mock('node:child_process', async (original) => {
  const actual = await original<typeof import('node:child_process')>();
  const fork = (...args: Parameters<typeof actual.fork>) => {
    const child = actual.fork(...args);
    const send = child.send.bind(child) as (...args: unknown[]) => boolean;
    child.send = (...args: unknown[]) => {
      messages.push('sent');
      return send(...args);
    };
    child.on('message', () => messages.push('answered'));
    return child;
  };
  return { ...actual, fork };
});

const SIDE = 64;
const classes = ['background', 'a', 'b'].map((name, i) => ({ name, color: [i, i, i] as const }));
let folder: string;
let model: IsolatedModel;
let side: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-isolated-'));
  const weights = join(folder, 'weights.safetensors');
  const settings = { inputSize: `${SIDE}x${SIDE}` };
  await writeFile(
    weights,
    untrainedCheckpoint({ template: 'Lite-HRNet-s-mod2', classes, seed: 1, settings }),
  );
  const exported = await exportModel({ weights, output: folder, batch: 'static' });
  model = await loadIsolated(new Uint8Array(await readFile(exported.model)), {
    threads: 1,
    largestWeight: LARGEST,
  });
  side = model.inputs[0]!.shape[2] as number;
}, 60_000);
beforeEach(() => void messages.splice(0));
afterAll(async () => {
  await model.release();
  await rm(folder, { recursive: true });
});

const sizeOf = () => ({ width: side, height: side });
const pixelsOf = (seed: number) =>
  Uint8Array.from({ length: 3 * side * side }, (_, i) => (i * (seed + 3) + 40 * seed) % 256);
const requestOf = (picture: ClassifyRequest['picture']): ClassifyRequest => ({
  picture,
  answer: { classes, inputSize: sizeOf(), threshold: undefined, scale: 'probabilities' },
  form: USUAL_FORM,
  size: sizeOf(),
  probabilities: true,
});

test('the next picture is sent while the network works on one, and no third', async () => {
  await Promise.all([1, 2, 3].map((seed) => model.classify(requestOf(pixelsOf(seed)))));
  expect(messages).toEqual(['sent', 'sent', 'answered', 'sent', 'answered', 'answered']);
});

test('of pictures at once each gets its own answer, as pixels and as planes, and a bad one fails alone', async () => {
  const alone = [];
  for (const seed of [1, 2]) alone.push(await model.classify(requestOf(pixelsOf(seed))));
  const found = await Promise.allSettled([
    model.classify(requestOf(pixelsOf(1))),
    model.classify(requestOf(new Float32Array(5))),
    model.classify(requestOf(toPlanes(pixelsOf(2), sizeOf()))),
  ]);
  expect(found.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  const values = found.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  expect(values.map((value) => value?.probabilities)).toEqual(alone.map((value) => value?.probabilities));
  expect(alone[0]?.probabilities).not.toEqual(alone[1]?.probabilities);
});

test('a process that ends takes all that is under way with it, and what waits', async () => {
  const weights = new Uint8Array(await readFile(join(folder, 'model.onnx')));
  const other = await loadIsolated(weights, { threads: 1, largestWeight: LARGEST });
  const asked = Promise.allSettled([1, 2, 3].map((seed) => other.classify(requestOf(pixelsOf(seed)))));
  await other.release();
  for (const outcome of await asked) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'it was closed' } });
  }
}, 60_000);
