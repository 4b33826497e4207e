/** @file Some steps on an engine of Node, which is made for them. */
import { type CompileOptions, createEngine, type EngineOptions } from '../../src/engine/engine.js';
import { type Learned, learnOn, type Problem } from './problems.js';

export async function learn(
  problem: Problem,
  options: EngineOptions,
  steps: number,
  compiling: CompileOptions = {},
): Promise<Learned> {
  const engine = await createEngine({ threads: 2, ...options });
  try {
    return await learnOn(engine, problem, steps, compiling);
  } finally {
    await engine.dispose();
  }
}
