/** @file A fixed operation, so that figures of different machines can be compared: a 1024×1024×1024 float MatMul. */
import { Random } from '../src/base/random.js';
import { createEngine } from '../src/engine/engine.js';
import { StepBuilder } from '../src/engine/step.js';
import { matMul } from '../src/graph/builders.js';
import { median } from './configuration.js';

const SIDE = 1024;
/** Floating-point operations of the product. */
export const REFERENCE_OPERATIONS = 2 * SIDE ** 3;
const RUNS = 50;

/** Median time in ms, measured inside ONNX Runtime. */
export async function timeReferenceMatMul(threads: number): Promise<number> {
  const engine = await createEngine({ threads });
  const builder = new StepBuilder();
  const a = builder.input('a', 'float32', [SIDE, SIDE]);
  const b = builder.input('b', 'float32', [SIDE, SIDE]);
  builder.output('product', matMul(a, b));
  const step = await engine.compile(builder.build());
  const random = new Random(0);
  const fill = () => Float32Array.from({ length: SIDE * SIDE }, () => random.uniform());
  const inputs = { a: fill(), b: fill() };
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) times.push((await step.run(inputs)).milliseconds);
  await engine.dispose();
  return median(times);
}
