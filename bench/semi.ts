/**
 * @file `npm run bench:semi`: what a semi-supervised step costs beside the supervised one with the same labeled batch, the
 * supervised one with as many images in all, and a forward pass of the teacher's images.
 */
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Random } from '../src/base/random.js';
import { createEngine } from '../src/engine/engine.js';
import { StepBuilder, type StepGraph } from '../src/engine/step.js';
import { meanTeacherStep, trainedModel } from '../src/methods/mean-teacher.js';
import { modelLayouts } from '../src/methods/model-state.js';
import { fullSizeLogits, supervisedTrainStep } from '../src/methods/supervised.js';
import { createFeatureSegmentor, createSegmentor, describe } from '../src/models/index.js';
import { initialValue, PackStore, Scope } from '../src/nn/index.js';
import { optimizerScalars } from '../src/optim/index.js';
import { median } from './configuration.js';

const CLASSES = 7;
const WARM_UP_STEPS = 2;

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: 'lite-hrnet-18,segnext-t' },
    labeled: { type: 'string', default: '8' },
    unlabeled: { type: 'string', default: '5' },
    size: { type: 'string', default: '512' },
    steps: { type: 'string', default: '7' },
  },
});
const [labeled, unlabeled, size, count] = [
  options.labeled,
  options.unlabeled,
  options.size,
  options.steps,
].map(Number) as [number, number, number, number];

/** Median time of a step in ms, as the caller sees it. */
async function timeStep(
  step: StepGraph,
  initial: ReadonlyMap<string, Float32Array>,
  scalars: Record<string, number>,
): Promise<number> {
  const engine = await createEngine();
  try {
    const compiled = await engine.compile(step);
    for (const { layout } of step.packs) {
      const flat = new Float32Array(layout.size);
      if (!layout.name.startsWith('exp_avg'))
        for (const { key, offset } of layout.entries) flat.set(initial.get(key)!, offset);
      await engine.setState(layout.name, flat);
    }
    const random = new Random('bench semi');
    const inputs: Record<string, Float32Array | Uint8Array> = {};
    for (const [name, { dtype, size: length }] of Object.entries(step.inputs))
      inputs[name] =
        dtype === 'uint8'
          ? Uint8Array.from({ length }, () => random.integer(CLASSES))
          : Float32Array.from({ length }, () => random.uniform());
    const wanted = Object.fromEntries(Object.keys(step.scalars).map((name) => [name, scalars[name]!]));
    const times: number[] = [];
    for (let i = 0; i < WARM_UP_STEPS + count; i++) {
      const start = performance.now();
      await compiled.run(inputs, wanted);
      if (i >= WARM_UP_STEPS) times.push(performance.now() - start);
    }
    return median(times);
  } finally {
    await engine.dispose();
  }
}

console.log(
  `${cpus()[0]?.model.trim()}, ${availableParallelism()} threads; ${labeled} labeled and ${unlabeled} unlabeled images of ${size}x${size}`,
);
for (const name of options.models.split(',')) {
  const model = createSegmentor(name, { numClasses: CLASSES });
  const features = createFeatureSegmentor(name, { numClasses: CLASSES });
  const prototypes = features && { model: features, classes: CLASSES, axis: 'channels' as const };
  const { variables } = describe(trainedModel(model, prototypes), [1, 3, size, size]);
  const layouts = modelLayouts(variables);
  const initial = new Map(variables.map((spec) => [spec.key, initialValue(spec, 0)]));
  const optimizer = name.startsWith('segnext') ? 'adamw' : 'adam';
  const scalars = {
    ...optimizerScalars(optimizer, 1e-3, 1),
    teacherKeep: 0.99,
    dropShare: 0.2,
    unsupervisedWeight: 0.1,
  };
  const supervised = (batchSize: number) =>
    supervisedTrainStep(model, layouts, { batchSize, size, optimizer });
  const forward = new StepBuilder();
  const store = new PackStore([forward.pack(layouts.parameters), forward.pack(layouts.buffers)]);
  const images = forward.input('weak', 'float32', [unlabeled, 3, size, size]);
  forward.output('logits', fullSizeLogits(model, new Scope(store, false), images));

  const semi = (unlabeledBatchSize: number) =>
    meanTeacherStep(model, layouts, {
      batchSize: labeled,
      unlabeledBatchSize,
      size,
      optimizer,
      prototypes,
    });
  const steps = {
    [`supervised, ${labeled} images`]: supervised(labeled),
    [`supervised, ${unlabeled} images`]: supervised(unlabeled),
    [`supervised, ${labeled + unlabeled} images`]: supervised(labeled + unlabeled),
    [`evaluation forward, ${unlabeled} images`]: forward.build(),
    [`teacher follows, ${labeled} + 0 images`]: semi(0),
    [`semi-supervised, ${labeled} + ${unlabeled} images`]: semi(unlabeled),
  };
  console.log(name);
  let base: number | undefined;
  for (const [what, step] of Object.entries(steps)) {
    const time = await timeStep(step, initial, scalars);
    base ??= time;
    console.log(`  ${what.padEnd(36)} ${time.toFixed(0).padStart(6)} ms  ${(time / base).toFixed(2)}`);
  }
}
