/**
 * @file `npm run bench:ceilings`: what limits a training step. Counts the floating-point operations of its graph and the
 * bytes that its operators read and write, measures what the machine does of both and what starting an operator costs, and
 * says how long the step takes where every operator runs at the ceiling that it meets first.
 */
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { createEngine, type Engine } from '../src/engine/engine.js';
import type { CpuCapabilities } from '../src/engine/providers/cpu.js';
import { lowerForCpu } from '../src/engine/providers/stock.js';
import { StepBuilder } from '../src/engine/step.js';
import { add, mul, reduceMax } from '../src/graph/builders.js';
import { type AnyNode, bytesOf, reachableNodes, type Tensor } from '../src/graph/index.js';
import { modelLayouts } from '../src/methods/model-state.js';
import { supervisedTrainStep } from '../src/methods/supervised-steps.js';
import { createSegmentor, describe, segmentorConfigs } from '../src/models/index.js';
import { median } from './configuration.js';
import { REFERENCE_OPERATIONS, timeReferenceMatMul } from './reference.js';

const CLASSES = 5;
const RUNS = 15;
/** Registers of AVX-512 hold 16 floats; with blocks of 8 the counts are the same. */
const CAPABILITIES: CpuCapabilities = { block: 16 };

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: Object.keys(segmentorConfigs).join(',') },
    batch: { type: 'string', default: '8' },
    size: { type: 'string', default: '512' },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
});
const [batch, size] = [Number(options.batch), Number(options.size)];
const threads = Number(options.threads);

/** Seconds of one elementwise operator on `values` floats within a long chain of them. */
async function timeElementwise(engine: Engine, values: number, length: number): Promise<number> {
  const time = async (operators: number): Promise<number> => {
    const builder = new StepBuilder();
    const factor = builder.scalar('factor');
    let x: Tensor = builder.input('x', 'float32', [values]);
    for (let i = 0; i < operators; i++) x = i % 2 === 0 ? mul(x, factor) : add(x, factor);
    builder.output('largest', reduceMax(x));
    const step = await engine.compile(builder.build());
    const inputs = { x: new Float32Array(values).fill(0.5) };
    const times: number[] = [];
    for (let i = 0; i < RUNS; i++) times.push((await step.run(inputs, { factor: 1 })).milliseconds);
    await step.release();
    return median(times);
  };
  // The difference leaves out what a run costs besides.
  return ((await time(2 * length)) - (await time(length))) / length / 1000;
}

interface Ceilings {
  readonly operationsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly secondsPerOperator: number;
}

async function measureCeilings(referenceMs: number): Promise<Ceilings> {
  const engine = await createEngine({ threads, cache: false });
  const large = 2 ** 24;
  const ceilings = {
    operationsPerSecond: REFERENCE_OPERATIONS / (referenceMs / 1000),
    bytesPerSecond: (2 * 4 * large) / (await timeElementwise(engine, large, 8)),
    secondsPerOperator: await timeElementwise(engine, 16, 1000),
  };
  await engine.dispose();
  return ceilings;
}

/** Multiplications and additions of convolutions and products; all other operators are bound by memory. */
function operationsOf(node: AnyNode): number {
  const [y] = node.outputs as [Tensor];
  const [x, weight] = node.inputs as [Tensor, Tensor];
  if (node.op === 'matMul') return 2 * y.size * x.shape.at(node.attributes.transA ? -2 : -1)!;
  if (node.op === 'conv') return (2 * y.size * weight.size) / weight.shape[0]!;
  if (node.op !== 'onnx') return 0;
  if (node.attributes.opType === 'Conv') return (2 * y.size * weight.size) / weight.shape[0]!;
  return node.attributes.opType === 'ConvTranspose' ? (2 * x.size * weight.size) / weight.shape[0]! : 0;
}

interface Count {
  operators: number;
  operations: number;
  bytes: number;
  /** Seconds at the ceilings. */
  seconds: number;
}

function countStep(name: string, ceilings: Ceilings): Count {
  const model = createSegmentor(name, { numClasses: CLASSES });
  const layouts = modelLayouts(describe(model, [1, 3, size, size]).variables);
  const optimizer = name.startsWith('segnext') ? 'adamw' : 'adam';
  const step = supervisedTrainStep(model, layouts, { batchSize: batch, size, optimizer });
  const updates = step.packs.flatMap(({ next }) => (next ? [next] : []));
  const count: Count = { operators: 0, operations: 0, bytes: 0, seconds: 0 };
  for (const node of reachableNodes(
    lowerForCpu([...Object.values(step.outputs), ...updates], CAPABILITIES),
  )) {
    if (node.op === 'input' || node.op === 'constant') continue;
    const operations = operationsOf(node);
    // A reshape moves nothing.
    const bytes =
      node.op === 'reshape' ? 0 : [...node.inputs, ...node.outputs].reduce((sum, t) => sum + bytesOf(t), 0);
    count.operators += 1;
    count.operations += operations;
    count.bytes += bytes;
    count.seconds +=
      ceilings.secondsPerOperator +
      Math.max(operations / ceilings.operationsPerSecond, bytes / ceilings.bytesPerSecond);
  }
  return count;
}

const row = (title: string, cells: readonly string[]): string =>
  title.padEnd(14) + cells.map((cell) => cell.padStart(13)).join('');
const ms = (seconds: number): string => `${(1000 * seconds).toFixed(0)} ms`;

const referenceMs = await timeReferenceMatMul(threads);
const ceilings = await measureCeilings(referenceMs);
console.log(
  `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${threads} threads, Node ${process.version}; ` +
    `MatMul 1024x1024x1024: ${referenceMs.toFixed(1)} ms; images ${size}x${size}, batch ${batch}`,
);
console.log(
  `ceilings: ${(ceilings.operationsPerSecond / 1e9).toFixed(0)} GFLOP/s, ${(ceilings.bytesPerSecond / 1e9).toFixed(1)} GB/s, ` +
    `${(1e6 * ceilings.secondsPerOperator).toFixed(1)} µs per operator`,
);
console.log(row('model', ['operators', 'GFLOP', 'GB', 'arithmetic', 'memory', 'starting', 'at ceilings']));
for (const name of options.models.split(',')) {
  const { operators, operations, bytes, seconds } = countStep(name, ceilings);
  console.log(
    row(name, [
      String(operators),
      (operations / 1e9).toFixed(0),
      (bytes / 1e9).toFixed(1),
      ms(operations / ceilings.operationsPerSecond),
      ms(bytes / ceilings.bytesPerSecond),
      ms(operators * ceilings.secondsPerOperator),
      ms(seconds),
    ]),
  );
}
