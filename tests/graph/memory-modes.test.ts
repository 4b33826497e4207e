/** @file That the memory modes of the engine differ in memory only: whole training steps give the same bits in both. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Random } from '../../src/base/random.js';
import { createEngine } from '../../src/engine/engine.js';
import type { MemoryMode } from '../../src/engine/settings.js';
import { modelLayouts } from '../../src/methods/model-state.js';
import { supervisedTrainStep } from '../../src/methods/supervised-steps.js';
import { createSegmentor, describe as describeModel } from '../../src/models/index.js';
import { drawNoise, initialValue } from '../../src/nn/index.js';
import { type OptimizerName, optimizerScalars } from '../../src/optim/index.js';

const [BATCH, SIZE, CLASSES] = [2, 192, 3];

/** A digest of all state after two updates from the initial weights. */
async function twoUpdates(name: string, memory: MemoryMode, optimizer: OptimizerName) {
  const model = createSegmentor(name, { numClasses: CLASSES });
  const { variables } = describeModel(model, [1, 3, SIZE, SIZE]);
  const layouts = modelLayouts(variables);
  const step = supervisedTrainStep(model, layouts, { batchSize: BATCH, size: SIZE, optimizer });
  const engine = await createEngine({ memory });
  const compiled = await engine.compile(step);

  const specs = new Map(variables.map((spec) => [spec.key, spec]));
  for (const { layout } of step.packs) {
    const flat = new Float32Array(layout.size);
    if (layout.name === layouts.parameters.name || layout.name === layouts.buffers.name)
      for (const { key, offset } of layout.entries) flat.set(initialValue(specs.get(key)!, 0), offset);
    await engine.setState(layout.name, flat);
  }
  const random = new Random(5);
  const images = Float32Array.from({ length: BATCH * 3 * SIZE * SIZE }, () => random.normal());
  const labels = Uint8Array.from({ length: BATCH * SIZE * SIZE }, () => random.integer(CLASSES));
  const { noise } = step.inputs;
  for (const update of [1, 2]) {
    const inputs = { images, labels, ...(noise ? { noise: drawNoise(noise.size, random) } : {}) };
    await compiled.run(inputs, optimizerScalars(optimizer, 1e-3, update));
  }
  const state = createHash('sha256');
  for (const { layout } of step.packs) state.update(await engine.getState(layout.name));
  await engine.dispose();
  return { state: state.digest('hex'), peakMemory: compiled.peakMemory };
}

describe.each<[string, OptimizerName, number]>([
  ['lite-hrnet-x', 'adam', 0.75],
  ['segnext-t', 'adamw', 0.9],
])('%s', (name, optimizer, share) => {
  test('lean needs less memory and computes the same bits', async () => {
    const fast = await twoUpdates(name, 'fast', optimizer);
    const lean = await twoUpdates(name, 'lean', optimizer);
    expect(lean.peakMemory).toBeLessThan(share * fast.peakMemory);
    expect(lean.state).toBe(fast.state);
  });
});
