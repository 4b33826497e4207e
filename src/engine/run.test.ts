import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  add,
  batchNorm,
  cast,
  conv,
  gelu,
  gradients,
  greater,
  input,
  mul,
  reduceSum,
  serializeModel,
  type Tensor,
} from '../graph/index.js';
import { createEngine, type Engine } from './engine.js';
import { run } from './run.js';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
});
afterAll(() => engine.dispose());

const x = input('x', 'float32', [2, 2]);
const data = Float32Array.of(1, -2, 3, -4);

test('values and gradients of an expression, in the order in which they were asked for', async () => {
  const y = reduceSum(mul(x, x));
  const [gradient] = gradients(y, [x]) as [Tensor];
  const values = await run([gradient, y, greater(x, 0), x], { x: data });
  expect(values).toEqual([
    Float32Array.of(2, -4, 6, -8),
    Float32Array.of(30),
    Uint8Array.of(1, 0, 1, 0),
    data,
  ]);
});

test('halves stay inside: an output of them is refused', async () => {
  const half = cast(x, 'float16');
  await expect(run([x, half], { x: data }, engine)).rejects.toThrow(
    /output ".+" is float16, .* cast it to float32/,
  );
  expect(await run([cast(half, 'float32')], { x: data }, engine)).toEqual([data]);
});

test('an engine that is handed over stays usable', async () => {
  for (const factor of [2, 3])
    expect(await run([mul(x, factor)], { x: data }, engine)).toEqual([data.map((v) => factor * v)]);
  const filter = input('filter', 'float32', [1, 1, 1, 1]);
  const image = input('image', 'float32', [1, 1, 1, 2]);
  const feeds = { image: Float32Array.of(1, 2), filter: Float32Array.of(3) };
  expect(await run([conv(image, filter)], feeds, engine)).toEqual([Float32Array.of(3, 6)]);
});

test('a file of a network with its gradients gives what run gives, in standard operators', async () => {
  const image = input('image', 'float32', [2, 3, 6, 6]);
  const filter = input('filter', 'float32', [4, 3, 3, 3]);
  const scale = input('scale', 'float32', [4]);
  const { y } = batchNorm(conv(image, filter, { stride: 2, padding: 1 }), scale, scale, 1e-5);
  const loss = reduceSum(mul(gelu(y), y));
  const wanted = [loss, ...gradients(loss, [image, filter, scale])];
  const feeds = Object.fromEntries(
    [image, filter, scale].map(({ node, size }, seed) => [
      (node.attributes as { name: string }).name,
      Float32Array.from({ length: size }, (_, i) => Math.sin(1.3 * i + seed)),
    ]),
  );
  const outputs = Object.fromEntries(wanted.map((tensor, i) => [`output${i}`, tensor]));
  const bytes = serializeModel({ inputs: [image, filter, scale], outputs });
  expect(Buffer.from(bytes).includes('com.microsoft')).toBe(false);

  const model = await engine.load(bytes);
  const found = await model.run(
    Object.fromEntries(
      model.inputs.map(({ name, dtype, shape }) => [
        name,
        { dtype, shape: shape as number[], data: feeds[name]! },
      ]),
    ),
  );
  const expected = await run(wanted, feeds, engine);
  expected.forEach((values, i) => {
    const file = found[`output${i}`]!;
    expect(file.shape).toEqual(wanted[i]!.shape);
    for (const [at, value] of values.entries())
      expect(Math.abs(Number(file.data[at]) - Number(value))).toBeLessThan(
        1e-4 * (1 + Math.abs(Number(value))),
      );
  });
  await model.release();
});

test('what is missing, too much, of another type or named twice is said', async () => {
  const y = add(x, 1);
  await expect(run([y], {}, engine)).rejects.toThrow('step "graph" was run without its input x');
  await expect(run([y], { x: data, z: data }, engine)).rejects.toThrow('step "graph" has no input z');
  await expect(run([y], { x: Int32Array.of(1, 2, 3, 4) }, engine)).rejects.toThrow('needs a Float32Array');
  const twin = input('x', 'float32', [1]);
  await expect(run([add(x, twin)], { x: data }, engine)).rejects.toMatchObject({
    code: 'graph',
    message: 'two inputs of the graph are named "x"',
  });
});
