/**
 * @file `npm run bench:semi`: what a semi-supervised step costs beside the supervised one with the same labeled batch, the
 * supervised one with as many images in all, and a forward pass of the teacher's images. Each is measured in a process of
 * its own, so that its peak memory is its own.
 */
import { execFile } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { Random } from '../src/base/random.js';
import { createEngine } from '../src/engine/engine.js';
import { StepBuilder, type StepGraph } from '../src/engine/step.js';
import { meanTeacherStep, trainedModel } from '../src/methods/mean-teacher.js';
import { modelLayouts } from '../src/methods/model-state.js';
import { fullSizeLogits, supervisedTrainStep } from '../src/methods/supervised-steps.js';
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
    /** Measures one step of one model, for the parent process. */
    only: { type: 'string' },
  },
});
const [labeled, unlabeled, size, count] = [
  options.labeled,
  options.unlabeled,
  options.size,
  options.steps,
].map(Number) as [number, number, number, number];

const KINDS = {
  supervised: `supervised, ${labeled} images`,
  all: `supervised, ${labeled + unlabeled} images`,
  forward: `evaluation forward, ${unlabeled} images`,
  alone: `semi-supervised, ${labeled} + 0 images`,
  semi: `semi-supervised, ${labeled} + ${unlabeled} images`,
};
type Kind = keyof typeof KINDS;

interface Measurement {
  readonly milliseconds: number;
  readonly peakMemoryMb: number;
}

async function measure(name: string, kind: Kind): Promise<Measurement> {
  const model = createSegmentor(name, { numClasses: CLASSES });
  const features = createFeatureSegmentor(name, { numClasses: CLASSES });
  const prototypes = features && { model: features, classes: CLASSES, axis: 'channels' as const };
  const { variables } = describe(trainedModel(model, prototypes), [1, 3, size, size]);
  const { variables: ownVariables } = describe(model, [1, 3, size, size]);
  const [layouts, own] = [modelLayouts(variables), modelLayouts(ownVariables)];
  const optimizer = name.startsWith('segnext') ? 'adamw' : 'adam';
  const supervised = (batchSize: number) => supervisedTrainStep(model, own, { batchSize, size, optimizer });
  const semi = (unlabeledBatchSize: number) => {
    const batches = { batchSize: labeled, unlabeledBatchSize };
    return meanTeacherStep(model, layouts, { ...batches, size, optimizer, prototypes });
  };
  const steps: { readonly [K in Kind]: () => StepGraph } = {
    supervised: () => supervised(labeled),
    all: () => supervised(labeled + unlabeled),
    forward: () => {
      const step = new StepBuilder();
      const store = new PackStore([step.pack(own.parameters), step.pack(own.buffers)]);
      const images = step.input('weak', 'float32', [unlabeled, 3, size, size]);
      step.output('logits', fullSizeLogits(model, new Scope(store, false), images));
      return step.build();
    },
    alone: () => semi(0),
    semi: () => semi(unlabeled),
  };
  const scalars: Record<string, number> = {
    ...optimizerScalars(optimizer, 1e-3, 1),
    ...{ teacherKeep: 0.99, dropShare: 0.2, unsupervisedWeight: 0.1 },
  };
  const step = steps[kind]();

  const engine = await createEngine();
  const compiled = await engine.compile(step);
  const initial = new Map(variables.map((spec) => [spec.key, initialValue(spec, 0)]));
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
  const peakMemoryMb = process.resourceUsage().maxRSS / 1024;
  await engine.dispose();
  return { milliseconds: median(times), peakMemoryMb };
}

async function measureInChild(name: string, kind: Kind): Promise<Measurement> {
  const script = fileURLToPath(import.meta.url);
  const words = [...process.argv.slice(2), '--models', name, '--only', kind];
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...words]);
  return JSON.parse(stdout) as Measurement;
}

async function main(): Promise<void> {
  const machine = `${cpus()[0]?.model.trim()}, ${availableParallelism()} threads`;
  console.log(`${machine}; ${labeled} labeled and ${unlabeled} unlabeled images of ${size}x${size}`);
  for (const name of options.models.split(',')) {
    console.log(name);
    let base: number | undefined;
    for (const [kind, what] of Object.entries(KINDS) as [Kind, string][]) {
      const { milliseconds, peakMemoryMb } = await measureInChild(name, kind);
      base ??= milliseconds;
      const cells = [
        what.padEnd(34),
        `${milliseconds.toFixed(0)} ms`.padStart(9),
        (milliseconds / base).toFixed(2).padStart(6),
        `${peakMemoryMb.toFixed(0)} MB`.padStart(9),
      ];
      console.log(`  ${cells.join(' ')}`);
    }
  }
}

if (options.only === undefined) await main();
else console.log(JSON.stringify(await measure(options.models, options.only as Kind)));
