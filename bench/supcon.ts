/**
 * @file `npm run bench:supcon`: what the two steps of supervised contrastive training cost beside the supervised one, and what
 * that makes of the time of a training. On random pixels: time does not depend on them.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../src/base/random.js';
import type { Dataset } from '../src/data/index.js';
import { createEngine } from '../src/engine/engine.js';
import type { Method } from '../src/methods/method.js';
import { PAIR_INTERVAL, supcon } from '../src/methods/supcon.js';
import { supervised } from '../src/methods/supervised.js';
import { createSegmentor } from '../src/models/index.js';
import { initialState } from '../src/runs/state-dict.js';
import { createTrainingSession } from '../src/training/session.js';
import { median } from './configuration.js';

const CLASSES = 7;
/** The first steps allocate. */
const WARM_UP_STEPS = 3;

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: 'lite-hrnet-s,lite-hrnet-18' },
    batch: { type: 'string', default: '8' },
    size: { type: 'string', default: '256' },
    steps: { type: 'string', default: '16' },
    /** Writes the figures of each network to time-NETWORK.json there, for the tables of experiments/few-labels.ts. */
    folder: { type: 'string' },
  },
});
const [batch, size, count] = [options.batch, options.size, options.steps].map(Number) as [
  number,
  number,
  number,
];

const NO_DATA: Dataset = {
  root: '',
  classes: [],
  samples: [],
  decodeMask: { values: [], colors: [], colorsDeclared: false, useOtxAdapter: false },
  notices: [],
};
const CLASS_INFO = Array.from({ length: CLASSES }, (_, index) => ({
  name: `${index}`,
  color: [0, 0, index] as const,
}));
const noLoader = (): never => {
  throw new Error('no data is loaded here');
};

function methodsOf(model: string): Method[] {
  const common = { optimizer: 'adam', sizes: { train: size, validation: size } } as const;
  const loading = { seed: 0, workers: 0, augmentation: 'plain' } as const;
  return [
    supervised({
      ...common,
      model: createSegmentor(model, { numClasses: CLASSES }),
      trainSet: NO_DATA,
      loading,
    }),
    supcon({ ...common, model, classes: CLASS_INFO, loader: noLoader }),
  ];
}

/** Median milliseconds of every step, by its name. */
async function measure(model: string): Promise<Record<string, number>> {
  const runs: { step: string; times: number[]; run: (update: number) => Promise<unknown> }[] = [];
  const sessions = [];
  for (const method of methodsOf(model)) {
    const graphs = method.graphs(batch);
    const state = initialState(method.variables, 0);
    const session = await createTrainingSession({
      graphs,
      variables: method.variables,
      state,
      seed: 0,
      openEngine: createEngine,
    });
    sessions.push(session);
    for (const [step, graph] of Object.entries(graphs.steps)) {
      const random = new Random(step);
      const inputs = Object.fromEntries(
        Object.entries(graph.inputs).map(([input, { dtype, size: length }]) => [
          input,
          dtype === 'uint8'
            ? Uint8Array.from({ length }, () => random.integer(CLASSES))
            : Float32Array.from({ length }, () => random.normal()),
        ]),
      );
      const given = { step, inputs, sampleIds: [], waitedMs: 0 };
      runs.push({ step, times: [], run: (update) => session.step([given], 1e-6, update) });
    }
  }
  // In turn, so that a machine that changes its speed is fair to all.
  for (let update = 1; update <= WARM_UP_STEPS + count; update++) {
    for (const { times, run } of runs) {
      const start = performance.now();
      await run(update);
      if (update > WARM_UP_STEPS) times.push(performance.now() - start);
    }
  }
  for (const session of sessions) await session.dispose();
  return Object.fromEntries(runs.map(({ step, times }) => [step, median(times)]));
}

console.log(
  `${cpus()[0]?.model.trim()}, ${availableParallelism()} threads; batch ${batch} of ${size}x${size}`,
);
console.log('network          supervised  SupCon, one view  both views  whole training');
for (const model of options.models.split(',')) {
  const milliseconds = await measure(model);
  const {
    supervised: plain,
    single,
    pair,
  } = milliseconds as Record<'supervised' | 'single' | 'pair', number>;
  const ratio = ((PAIR_INTERVAL - 1) * single + pair) / PAIR_INTERVAL / plain;
  const cells = [`${plain.toFixed(0)} ms`.padStart(10), `${single.toFixed(0)} ms`.padStart(16)];
  cells.push(`${pair.toFixed(0)} ms`.padStart(10), ratio.toFixed(2).padStart(14));
  console.log(`${model.padEnd(16)} ${cells.join('  ')}`);
  if (options.folder === undefined) continue;
  await mkdir(options.folder, { recursive: true });
  const figures = JSON.stringify({ timed: model, milliseconds, ratio }, null, 1);
  await writeFile(join(options.folder, `time-${model}.json`), `${figures}\n`);
}
