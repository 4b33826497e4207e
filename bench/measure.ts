/**
 * @file Measures one configuration of the supervised training step and prints the result as JSON. Runs in a process of
 * its own, so that its peak memory is its own.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Random } from '../src/base/random.js';
import { type CompiledStep, createEngine, type Engine } from '../src/engine/engine.js';
import type { StepGraph } from '../src/engine/step.js';
import { modelLayouts } from '../src/methods/model-state.js';
import { supervisedTrainStep } from '../src/methods/supervised-steps.js';
import { createSegmentor, describe } from '../src/models/index.js';
import { drawNoise, initialValue } from '../src/nn/index.js';
import { type OptimizerName, optimizerScalars } from '../src/optim/index.js';
import { type Configuration, type Measurement, median, type Share, type Start } from './configuration.js';
import { readShares } from './shares.js';

const CLASSES = 5;
const WARM_UP_STEPS = 2;
const PROFILED_STEPS = 4;

interface Problem {
  readonly step: StepGraph;
  readonly state: ReadonlyMap<string, Float32Array>;
  readonly optimizer: OptimizerName;
  readonly inputs: Readonly<Record<string, Float32Array | Uint8Array>>;
}

function buildProblem({ model, batch, size }: Configuration): Problem {
  const segmentor = createSegmentor(model, { numClasses: CLASSES });
  const { variables } = describe(segmentor, [1, 3, size, size]);
  const layouts = modelLayouts(variables);
  const optimizer = model.startsWith('segnext') ? 'adamw' : 'adam';
  const step = supervisedTrainStep(segmentor, layouts, { batchSize: batch, size, optimizer });

  const specs = new Map(variables.map((spec) => [spec.key, spec]));
  const state = new Map<string, Float32Array>();
  for (const { layout } of step.packs) {
    const flat = new Float32Array(layout.size);
    const isModel = layout.name === layouts.parameters.name || layout.name === layouts.buffers.name;
    if (isModel)
      for (const { key, offset } of layout.entries) flat.set(initialValue(specs.get(key)!, 0), offset);
    state.set(layout.name, flat);
  }

  const random = new Random(1);
  const images = Float32Array.from({ length: batch * 3 * size * size }, () => 2 * random.uniform() - 1);
  const labels = Uint8Array.from({ length: batch * size * size }, () => random.integer(CLASSES));
  const inputs: Record<string, Float32Array | Uint8Array> = { images, labels };
  if (step.inputs.noise) inputs.noise = drawNoise(step.inputs.noise.size, random);
  return { step, state, optimizer, inputs };
}

/** Times of `count` steps in ms as the caller sees them, and the last loss. */
async function timeSteps(
  compiled: CompiledStep,
  { inputs, optimizer }: Problem,
  count: number,
  first: number,
) {
  const times: number[] = [];
  let loss = Number.NaN;
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    const { outputs } = await compiled.run(inputs, optimizerScalars(optimizer, 1e-3, first + i));
    times.push(performance.now() - start);
    loss = Number(outputs.loss![0]);
  }
  return { times, loss };
}

async function profileSteps(
  engine: Engine,
  problem: Problem,
  configuration: Configuration,
  folder: string,
): Promise<Share[]> {
  const prefix = `${configuration.model}-batch${configuration.batch}-${process.pid}`;
  const compiled = await engine.compile(problem.step, { profile: join(folder, prefix) });
  await timeSteps(compiled, problem, PROFILED_STEPS, 1);
  await compiled.release();
  const file = (await readdir(folder)).find((name) => name.startsWith(prefix));
  if (!file) throw new Error(`ONNX Runtime wrote no profile into ${folder}`);
  return readShares(join(folder, file), PROFILED_STEPS);
}

async function measure(configuration: Configuration): Promise<Start | Measurement> {
  const start = performance.now();
  const problem = buildProblem(configuration);
  const engine = await createEngine(configuration);
  const compiled = await engine.compile(problem.step);
  const createMs = compiled.createMilliseconds;
  const buildMs = performance.now() - start - createMs;
  for (const [name, data] of problem.state) await engine.setState(name, data);

  const begin = {
    nodes: compiled.nodeCount,
    memory: compiled.memory,
    engine: (await engine.choice()).kind,
    buildMs,
    createMs,
    fromCache: compiled.fromCache,
  };
  if (configuration.steps === 0) {
    await engine.dispose();
    return begin;
  }

  const warmUp = await timeSteps(compiled, problem, WARM_UP_STEPS, 1);
  const { times, loss } = await timeSteps(compiled, problem, configuration.steps, 1 + WARM_UP_STEPS);
  const peakMemoryMb = process.resourceUsage().maxRSS / 1024;
  await compiled.release();
  const shares =
    configuration.profile === null
      ? []
      : await profileSteps(engine, problem, configuration, configuration.profile);
  await engine.dispose();
  return {
    ...begin,
    firstStepMs: warmUp.times[0]!,
    medianMs: median(times),
    minMs: Math.min(...times),
    maxMs: Math.max(...times),
    imagesPerSecond: (1000 * configuration.batch) / median(times),
    peakMemoryMb,
    loss,
    shares,
  };
}

/** Runs a step whenever the parent asks for one, and sends its time in ms; first, when everything is ready, that of the last of the warm-up. */
async function stepOnDemand(configuration: Configuration): Promise<void> {
  const problem = buildProblem(configuration);
  const engine = await createEngine(configuration);
  const compiled = await engine.compile(problem.step);
  for (const [name, data] of problem.state) await engine.setState(name, data);
  let done = WARM_UP_STEPS;
  const warmUp = await timeSteps(compiled, problem, done, 1);
  process.on('message', async () => {
    const { times } = await timeSteps(compiled, problem, 1, ++done);
    process.send?.(times[0]);
  });
  process.send?.(warmUp.times.at(-1));
}

const configuration = JSON.parse(process.argv[2]!) as Configuration;
if (process.send) await stepOnDemand(configuration);
else console.log(JSON.stringify(await measure(configuration)));
