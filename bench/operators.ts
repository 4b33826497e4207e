/**
 * @file `npm run bench:operators [filter]`: what each lowering of an operator costs on the shapes that the networks have.
 * Printed per variant: CPU milliseconds (all threads, hardly disturbed by other work on the machine), the best wall
 * time, and the largest difference from the first variant relative to the largest value. Variants take turns.
 */

import { Random } from '../src/base/random.js';
import { cpuLowering, PLAIN_CPU } from '../src/engine/providers/cpu.js';
import { localCapabilities } from '../src/engine/run-graph.js';
import { createSession, type OrtTensor, toOrtTensor } from '../src/engine/runtime.js';
import {
  averagePool,
  batchNorm,
  type ConvOptions,
  conv,
  gradients,
  input,
  type LoweringTable,
  lower,
  mul,
  optimize,
  plainLowering,
  reduceSum,
  relu,
  resizeBilinear,
  resizeNearest,
  type Shape,
  type Tensor,
} from '../src/graph/index.js';
import { serializeLowered } from '../src/graph/onnx/serialize.js';

const THREADS = 2;
const ROUNDS = 15;
/** Runs per round and variant, so that one measurement is well above the resolution of the CPU clock. */
const RUNS = 8;

interface OperatorCase {
  readonly name: string;
  /** Semantic graph; its inputs are found by walking it. */
  readonly outputs: readonly Tensor[];
  readonly inputs: readonly Tensor[];
}

const float = (name: string, shape: Shape): Tensor => input(name, 'float32', shape);

/** Forward, or the gradient of one input given that of the output. */
function operatorCases(
  name: string,
  specs: Readonly<Record<string, Shape>>,
  apply: (x: Readonly<Record<string, Tensor>>) => Tensor,
): OperatorCase[] {
  const inputs = Object.fromEntries(Object.entries(specs).map(([key, shape]) => [key, float(key, shape)]));
  const y = apply(inputs);
  const dy = float('dy', y.shape);
  const values = Object.values(inputs);
  const slopes = gradients(reduceSum(mul(y, dy)), values);
  return [
    { name, outputs: [y], inputs: values },
    ...Object.keys(inputs).map((key, i) => ({
      name: `${name}, gradient of ${key}`,
      outputs: [slopes[i]!],
      inputs: [...values, dy],
    })),
  ];
}

function convolutionCases(name: string, x: Shape, weight: Shape, options: ConvOptions = {}): OperatorCase[] {
  return operatorCases(`${name} [${x}]`, { x, weight }, (t) => conv(t.x!, t.weight!, options));
}

function depthwiseCases(x: Shape, kernel: readonly [number, number], stride: number): OperatorCase[] {
  const channels = x[1]!;
  return convolutionCases(`depthwise ${kernel.join('x')}, stride ${stride}`, x, [channels, 1, ...kernel], {
    groups: channels,
    stride,
    padding: [(kernel[0] - 1) / 2, (kernel[1] - 1) / 2],
  });
}

const cases: OperatorCase[] = [
  ...depthwiseCases([4, 20, 128, 128], [3, 3], 1),
  ...depthwiseCases([4, 40, 64, 64], [3, 3], 1),
  ...depthwiseCases([4, 80, 32, 32], [3, 3], 1),
  ...depthwiseCases([4, 9, 128, 128], [3, 3], 1),
  ...depthwiseCases([4, 40, 128, 128], [3, 3], 2),
  ...depthwiseCases([4, 32, 64, 64], [5, 5], 1),
  ...depthwiseCases([4, 32, 64, 64], [1, 21], 1),
  ...convolutionCases('pointwise 40 to 40', [4, 40, 128, 128], [40, 40, 1, 1]),
  ...convolutionCases('pointwise 80 to 40', [4, 80, 64, 64], [40, 80, 1, 1]),
  ...convolutionCases('pointwise 320 to 160', [4, 320, 16, 16], [160, 320, 1, 1]),
  ...convolutionCases('dense 3x3, stride 2, 3 to 32', [4, 3, 512, 512], [32, 3, 3, 3], {
    stride: 2,
    padding: 1,
  }),
  ...convolutionCases('dense 3x3, stride 2, 32 to 32', [4, 32, 256, 256], [32, 32, 3, 3], {
    stride: 2,
    padding: 1,
  }),
  ...(
    [
      [4, 20, 128, 128],
      [4, 40, 64, 64],
      [4, 80, 32, 32],
    ] as const
  ).flatMap((shape) =>
    operatorCases(
      `batchNorm [${shape}]`,
      { x: shape, scale: [shape[1]], bias: [shape[1]] },
      (t) => batchNorm(t.x!, t.scale!, t.bias!, 1e-5).y,
    ),
  ),
  ...[2, 4, 8].flatMap((k) => [
    ...operatorCases(`averagePool ${k}x${k} [4,20,128,128]`, { x: [4, 20, 128, 128] }, (t) =>
      averagePool(t.x!, [k, k]),
    ),
    ...operatorCases(`resizeNearest x${k} to [4,40,128,128]`, { x: [4, 40, 128 / k, 128 / k] }, (t) =>
      resizeNearest(t.x!, [128, 128]),
    ),
  ]),
  ...operatorCases('resizeBilinear x4 [4,7,128,128]', { x: [4, 7, 128, 128] }, (t) =>
    resizeBilinear(t.x!, [512, 512]),
  ),
  ...operatorCases('relu [4,40,128,128]', { x: [4, 40, 128, 128] }, (t) => relu(t.x!)),
  ...operatorCases('gate [4,20,128,128]', { x: [4, 20, 128, 128], gate: [4, 20, 1, 1] }, (t) =>
    mul(t.x!, t.gate!),
  ),
];

interface Variant {
  readonly name: string;
  readonly run: () => Promise<Record<string, OrtTensor>>;
  readonly release: () => Promise<void>;
  cpu: number[];
  wall: number[];
}

async function prepare(
  name: string,
  { inputs, outputs }: OperatorCase,
  table: LoweringTable,
): Promise<Variant> {
  // Inside a step the result stays in the runtime's memory: here it is written into memory that is allocated once.
  const lowered = optimize(lower(optimize(outputs), table));
  const named = Object.fromEntries(lowered.map((tensor, i) => [`output${i}`, tensor]));
  const model = serializeLowered({ inputs, outputs: named });
  // Idle threads that spin would count as CPU time.
  const session = await createSession(model, {
    threads: THREADS,
    rewrite: false,
    spinning: false,
  });
  const feeds = Object.fromEntries(
    inputs.map((x) => {
      const { name: key } = x.node.attributes as { name: string };
      const random = new Random(key);
      return [
        key,
        toOrtTensor(
          'float32',
          Float32Array.from({ length: x.size }, () => random.range(0.5, 1.5)),
          x.shape,
        ),
      ];
    }),
  );
  const fetches = Object.fromEntries(
    lowered.map((y, i) => [`output${i}`, toOrtTensor('float32', new Float32Array(y.size), y.shape)]),
  );
  return {
    name,
    run: async () => {
      await session.run(feeds, fetches);
      return fetches;
    },
    release: () => session.release(),
    cpu: [],
    wall: [],
  };
}

async function measure(variant: Variant): Promise<void> {
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  for (let i = 0; i < RUNS; i++) await variant.run();
  variant.wall.push((performance.now() - wall) / RUNS);
  const { user, system } = process.cpuUsage(cpu);
  variant.cpu.push((user + system) / 1000 / RUNS);
}

function largestDifference(a: Record<string, OrtTensor>, b: Record<string, OrtTensor>): number {
  let [difference, scale] = [0, 0];
  for (const [name, tensor] of Object.entries(a)) {
    const [x, y] = [tensor.data as Float32Array, b[name]!.data as Float32Array];
    x.forEach((value, i) => {
      difference = Math.max(difference, Math.abs(value - y[i]!));
      scale = Math.max(scale, Math.abs(value));
    });
  }
  return difference / scale;
}

const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))]!;

const capabilities = await localCapabilities();
const tables: Readonly<Record<string, () => LoweringTable>> = {
  plain: () => plainLowering,
  standard: () => cpuLowering(PLAIN_CPU),
  ...(capabilities.block ? { [`blocks of ${capabilities.block}`]: () => cpuLowering(capabilities) } : {}),
};

const filter = process.argv[2] ?? '';
for (const operator of cases.filter(({ name }) => name.includes(filter))) {
  const variants: Variant[] = [];
  for (const [name, table] of Object.entries(tables)) variants.push(await prepare(name, operator, table()));
  const expected = await variants[0]!.run();
  const differences: number[] = [];
  for (const variant of variants) differences.push(largestDifference(expected, await variant.run()));
  for (let round = 0; round < ROUNDS; round++) for (const variant of variants) await measure(variant);
  console.log(operator.name);
  variants.forEach(({ name, cpu, wall }, i) => {
    const columns = [quantile(cpu, 0.25), quantile(wall, 0)].map((ms) => ms.toFixed(3).padStart(9));
    console.log(
      `  ${name.padEnd(14)} cpu${columns[0]} ms   wall${columns[1]} ms   differs ${differences[i]!.toExponential(1)}`,
    );
  });
  for (const variant of variants) await variant.release();
}
