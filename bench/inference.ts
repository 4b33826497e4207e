/**
 * @file `npm run bench:inference`: time of one image per model, median and fastest, for the three graphs that segment images: the exported
 * file, the network of `otx predict` with its weights as constants, and the validation step on the weights in training.
 */
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Random } from '../src/base/random.js';
import { squareOf } from '../src/data/index.js';
import { createEngine, type Engine } from '../src/engine/engine.js';
import { openNetwork } from '../src/inference/network.js';
import { encodeNetwork } from '../src/inference/network-file.js';
import { modelLayouts, packState } from '../src/methods/model-state.js';
import { evaluationStep } from '../src/methods/supervised-steps.js';
import { createSegmentor, describe, type Segmentor, segmentorConfigs } from '../src/models/index.js';
import { initialValue, type VariableSpec } from '../src/nn/index.js';
import type { StateDict } from '../src/runs/state-dict.js';
import { median } from './configuration.js';
import { timeReferenceMatMul } from './reference.js';

const CLASSES = 5;
const WARM_UP_RUNS = 3;

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: Object.keys(segmentorConfigs).join(',') },
    size: { type: 'string', default: '512' },
    runs: { type: 'string', default: '15' },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
});
const size = Number(options.size);
const threads = Number(options.threads);

interface Network {
  readonly model: Segmentor;
  readonly variables: readonly VariableSpec[];
  readonly state: StateDict;
}

type Run = (image: Float32Array) => Promise<unknown>;

/** The ways to segment an image, by column title. */
const ways: Readonly<Record<string, (engine: Engine, network: Network) => Promise<Run>>> = {
  exported: async (engine, network) => {
    const loaded = await engine.load(
      encodeNetwork({ ...network, inputSize: squareOf(size) }, { batch: 2 }, { dynamicBatch: true }),
    );
    const shape = [1, 3, size, size];
    return (data) => loaded.run({ input: { dtype: 'float32', shape, data } });
  },
  prediction: async (_, { model, state }) => {
    const { forward } = await openNetwork({ model, state, inputSize: squareOf(size), threads });
    return forward;
  },
  validation: async (engine, { model, variables, state }) => {
    const layouts = modelLayouts(variables);
    const step = await engine.compile(evaluationStep(model, layouts, size));
    for (const layout of [layouts.parameters, layouts.buffers])
      await engine.setState(layout.name, packState(layout, state));
    return (image) => step.run({ images: image });
  },
};

/** Median and fastest, which tells more where others compute on the machine. */
async function timeRuns(run: Run): Promise<string> {
  const random = new Random(1);
  const image = Float32Array.from({ length: 3 * size * size }, () => 2 * random.uniform() - 1);
  for (let i = 0; i < WARM_UP_RUNS; i++) await run(image);
  const times: number[] = [];
  for (let i = 0; i < Number(options.runs); i++) {
    const start = performance.now();
    await run(image);
    times.push(performance.now() - start);
  }
  return `${median(times).toFixed(1)} ms (${Math.min(...times).toFixed(1)})`;
}

const cells = (title: string, values: readonly string[]): string =>
  title.padEnd(14) + values.map((value) => value.padStart(20)).join('');

const machine = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${threads} threads, Node ${process.version}`;
console.log(
  `${machine}; MatMul 1024x1024x1024: ${(await timeReferenceMatMul(threads)).toFixed(1)} ms; one image ${size}x${size}`,
);
console.log(cells('model', Object.keys(ways)));
for (const name of options.models.split(',')) {
  const model = createSegmentor(name, { numClasses: CLASSES });
  const { variables } = describe(model, [1, 3, size, size]);
  const state = new Map(variables.map((spec) => [spec.key, initialValue(spec, 0)]));
  const times: string[] = [];
  for (const prepare of Object.values(ways)) {
    const engine = await createEngine({ threads });
    times.push(await timeRuns(await prepare(engine, { model, variables, state })));
    await engine.dispose();
  }
  console.log(cells(name, times));
}
