/**
 * @file The fused engine: its kernels under the sanitizers of the compiler, steps beside those of the stock engine, and what
 * happens where the library is missing, of another version or wrong. Takes a C compiler; skipped where there is none.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, test, vi } from 'vitest';
import { Random } from '../../base/random.js';
import {
  type AnyNode,
  add,
  batchNorm,
  concat,
  conv,
  gradients,
  mul,
  reachableNodes,
  reduceMean,
  relu,
  reshape,
  sizeOf,
  split,
  sub,
  type Tensor,
} from '../../graph/index.js';
import { createEngine, type EngineOptions } from '../engine.js';
import { probeModel } from '../providers/probe-model.js';
import { layoutOf, StepBuilder, type StepGraph } from '../step.js';
import { type FoundKernels, findKernels } from './find-kernels.js';
import { openKernelLibrary } from './kernel-library.js';
import { probeGraph } from './probe-kernels.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const compiler = process.env.CC || 'cc';
const hasCompiler = spawnSync(compiler, ['--version']).status === 0 && process.platform !== 'win32';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'otx-kernels-'));
  vi.stubEnv('OTX_CACHE', join(folder, 'cache'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.stubEnv('OTX_CACHE', join(folder, 'cache'));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** A build of the library from sources that are changed first; without optimisation, which takes an eighth of the time. */
function buildChanged(
  name: string,
  change: (read: (file: string) => string) => Record<string, string>,
): string {
  const copy = join(folder, name);
  mkdirSync(copy);
  cpSync(join(root, 'native'), join(copy, 'native'), {
    recursive: true,
    filter: (path) => !path.includes(join('native', 'build')),
  });
  cpSync(join(root, 'package.json'), join(copy, 'package.json'));
  const files = change((file) => readFileSync(join(copy, file), 'utf8'));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(copy, file), text);
  const quick = join(folder, 'quick-cc');
  writeFileSync(quick, `#!/bin/sh\nexec ${compiler} "$@" -O0\n`, { mode: 0o755 });
  const env = { ...process.env, CC: quick };
  execFileSync(process.execPath, [join(root, 'scripts', 'build-native.mjs')], { cwd: copy, env });
  const build = join(copy, 'native', 'build');
  return join(build, readdirSync(build).find((file) => file.startsWith('libotx'))!);
}

const replaced = (text: string, from: string, to: string): string => {
  expect(text).toContain(from);
  return text.replace(from, to);
};

async function chosen(options: EngineOptions = {}) {
  const engine = await createEngine({ cache: false, ...options });
  try {
    return await engine.choice();
  } finally {
    await engine.dispose();
  }
}

test.skipIf(!hasCompiler)('every kernel is right and stays within its arrays, for every width', () => {
  const widths: Record<string, string[]> = {
    4: [],
    ...(process.arch === 'x64' && {
      8: ['-mavx2', '-mfma'],
      16: ['-mavx512f', '-mavx512dq', '-mavx512bw', '-mavx512vl', '-mfma'],
    }),
  };
  const native = join(root, 'native');
  const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
  writeFileSync(join(folder, 'empty.c'), 'int main(void) { return 0; }\n');
  const tried = spawnSync(compiler, [...sanitizers, join(folder, 'empty.c'), '-o', join(folder, 'empty')]);
  // Some machines have a compiler without the libraries of its sanitizers: the values are compared all the same.
  const flags = ['-std=gnu11', '-O1', '-ffp-contract=fast', ...(tried.status === 0 ? sanitizers : [])];
  const objects = Object.entries(widths).map(([lanes, own]) => {
    const object = join(folder, `${lanes}.o`);
    const source = join(native, 'kernels', 'kernels.c');
    execFileSync(compiler, [...flags, ...own, '-w', `-DLANES=${lanes}`, '-c', source, '-o', object]);
    return object;
  });
  const program = join(folder, 'kernels');
  const sources = ['tests/kernels.c', 'heap.c', 'program.c', 'scratch.c'].map((file) => join(native, file));
  execFileSync(compiler, [...flags, '-w', '-o', program, ...sources, ...objects, '-lm', '-lpthread']);
  const { status, stdout, stderr } = spawnSync(program, ['40'], { encoding: 'utf8' });
  expect(`${stdout}${stderr}`).toMatch(/^\d widths, \d+ rounds: all right\n$/);
  expect(status).toBe(0);
});

test('the probe has every operator of the library', () => {
  const source = readFileSync(join(root, 'native', 'operators.c'), 'utf8');
  const names = [...source.matchAll(/\{\.name = "(\w+)"/g)].map(([, name]) => name);
  const probed = (reachableNodes(probeGraph().fused) as AnyNode[]).flatMap((node) =>
    node.op === 'onnx' && node.attributes.domain === 'otx' ? [node.attributes.opType] : [],
  );
  expect(names.length).toBeGreaterThan(5);
  expect([...new Set(probed)].sort()).toEqual(names.sort());
});

const layout = layoutOf('weights', [
  { key: 'filter', shape: [6, 1, 3, 3] },
  { key: 'scale', shape: [6] },
  { key: 'bias', shape: [6] },
]);
const SHAPE = [3, 6, 24, 40] as const;

/** A small network with what is fused in it: a shuffle, a depthwise convolution, a norm, a residual. */
function step(): StepGraph {
  const builder = new StepBuilder();
  const x = builder.input('x', 'float32', SHAPE);
  const target = builder.input('target', 'float32', SHAPE);
  const weights = builder.pack(layout);
  const halves = split(x, [3, 3], 1).map((half) => reshape(half, [3, 3, 1, 24, 40]));
  const shuffled = reshape(concat(halves as [Tensor, Tensor], 2), SHAPE);
  const y = conv(shuffled, weights.get('filter'), { groups: 6, padding: 1 });
  const normed = relu(batchNorm(y, weights.get('scale'), weights.get('bias'), 1e-5).y);
  const error = sub(add(normed, mul(x, 0.5)), target);
  const loss = reduceMean(mul(error, error));
  builder.update('weights', sub(weights.flat, mul(gradients(loss, [weights.flat])[0]!, 0.1)));
  builder.output('loss', loss);
  builder.commitIfFinite('loss');
  return builder.build();
}

const random = new Random(3);
const numbers = (size: number) => Float32Array.from({ length: size }, () => random.normal());
const size = SHAPE.reduce((a, b) => a * b, 1);
const inputs = { x: numbers(size), target: numbers(size) };
const start = numbers(layout.size);

async function runs(options: EngineOptions, count = 3) {
  const engine = await createEngine({ cache: false, ...options });
  try {
    const compiled = await engine.compile(step());
    await engine.setState('weights', start);
    const losses: number[] = [];
    for (let i = 0; i < count; i++) losses.push(Number((await compiled.run(inputs)).outputs.loss![0]));
    const spoilt = { ...inputs, x: inputs.x.slice().fill(Number.NaN, 100, 101) };
    const before = await engine.getState('weights');
    const { committed } = await compiled.run(spoilt);
    return {
      losses,
      weights: await engine.getState('weights'),
      before,
      committed,
      nodes: compiled.nodeCount,
    };
  } finally {
    await engine.dispose();
  }
}

describe.skipIf(typeof (await findKernels()) === 'string')('steps of the fused engine', () => {
  it('is what auto chooses', async () => {
    expect(await chosen()).toMatchObject({ kind: 'fused' });
    expect(await chosen({ engine: 'stock' })).toMatchObject({ kind: 'stock', reason: 'asked for' });
    expect(await chosen({ lowering: 'plain' })).toMatchObject({ kind: 'stock' });
  });

  it('are those of the stock one, in fewer operators', async () => {
    const [fused, stock] = [await runs({ engine: 'fused' }), await runs({ engine: 'stock' })];
    fused.losses.forEach((loss, i) => {
      expect(loss).toBeCloseTo(stock.losses[i]!, 5);
    });
    fused.weights.forEach((weight, i) => {
      expect(weight).toBeCloseTo(stock.weights[i]!, 4);
    });
    expect(fused.nodes).toBeLessThan(stock.nodes / 2);
  });

  it('give the same bits from run to run and for any number of threads', async () => {
    const [one, again, two] = [
      await runs({ engine: 'fused', threads: 1 }),
      await runs({ engine: 'fused', threads: 1 }),
      await runs({ engine: 'fused', threads: 2 }),
    ];
    expect(again).toEqual(one);
    expect(two).toEqual(one);
  });

  it('is that of every operator for any number of threads, and from run to run', async () => {
    const { inputs, fused } = probeGraph();
    const probe = probeModel(inputs, fused);
    const { createSession } = await openKernelLibrary(((await findKernels()) as FoundKernels).path);
    const results = [1, 2, 2, 3].map((threads) => {
      const session = createSession(probe.model, { threads, rewrite: false });
      const { binding } = probe;
      const outputs = binding.outputs.map(({ shape }) => new Float32Array(sizeOf(shape)).fill(Number.NaN));
      for (const [i, { name, dtype, shape }] of binding.inputs.entries())
        session.bindInput(name, dtype, shape, probe.inputs[i]!);
      for (const [i, { name, dtype, shape }] of binding.outputs.entries())
        session.bindOutput(name, dtype, shape, outputs[i]!);
      session.run();
      session.release();
      return outputs;
    });
    expect(results[0]!.length).toBeGreaterThan(20);
    expect(results[0]!.every((values) => values.every(Number.isFinite))).toBe(true);
    for (const other of results.slice(1)) expect(other).toEqual(results[0]);
  });

  it.each(['fast', 'lean'] as const)('undo what is not finite (%s)', async (memory) => {
    const { committed, before, weights } = await runs({ engine: 'fused', memory });
    expect(committed).toBe(false);
    expect(weights).toEqual(before);
  });
});

describe('where the library is no use, the stock engine computes and says why', () => {
  it('switched off, missing, or something else', async () => {
    vi.stubEnv('OTX_KERNELS', 'off');
    expect(await chosen()).toMatchObject({ kind: 'stock', reason: 'OTX_KERNELS is off' });
    vi.stubEnv('OTX_KERNELS', join(folder, 'nowhere.so'));
    expect(await chosen()).toMatchObject({ kind: 'stock', reason: expect.stringMatching(/cannot be read/) });
    writeFileSync(join(folder, 'text.so'), 'no library');
    vi.stubEnv('OTX_KERNELS', join(folder, 'text.so'));
    expect(await chosen()).toMatchObject({
      kind: 'stock',
      reason: expect.stringMatching(/cannot be used: /),
    });
  });

  it('an error where it was asked for by name', async () => {
    vi.stubEnv('OTX_KERNELS', 'off');
    await expect(chosen({ engine: 'fused' })).rejects.toThrow(
      /the fused engine cannot be used: OTX_KERNELS is off; build it with a C compiler/,
    );
    await expect(createEngine({ engine: 'best' as 'auto' })).rejects.toThrow(
      'engine is best, expected one of auto, fused, stock',
    );
  });

  it.skipIf(!hasCompiler)('of another version of the package, or for another runtime', async () => {
    // Not even looked at, and built once for both.
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    const another = version.replaceAll(/\d/g, '7');
    const other = buildChanged('other', (read) => ({
      'package.json': JSON.stringify({ ...JSON.parse(read('package.json')), version: another }),
      'native/ort_api.h': replaced(
        read('native/ort_api.h'),
        '#define ORT_API_VERSION 22',
        '#define ORT_API_VERSION 99',
      ),
    }));
    vi.stubEnv('OTX_KERNELS', other);
    expect((await chosen()).reason).toContain(`it was built for version ${another}, this is ${version}`);
    const later = join(folder, 'later.so');
    const bytes = readFileSync(other);
    bytes.write(version, bytes.indexOf(`${another}\0`));
    writeFileSync(later, bytes);
    vi.stubEnv('OTX_KERNELS', later);
    expect((await chosen()).reason).toMatch(/ONNX Runtime \S+ has no C API of version 99/);
  });

  it.skipIf(!hasCompiler)('with a kernel that is wrong', async () => {
    // Built in the same way, nothing else is wrong.
    vi.stubEnv(
      'OTX_KERNELS',
      buildChanged('right', () => ({})),
    );
    expect((await chosen()).kind).toBe('fused');
    const wrong = buildChanged('wrong', (read) => ({
      'native/kernels/gelu.h': replaced(read('native/kernels/gelu.h'), '0.797885361f', '0.79f'),
    }));
    vi.stubEnv('OTX_KERNELS', wrong);
    const reason = 'the library of fused kernels computes other values than the runtime';
    expect(await chosen()).toMatchObject({ kind: 'stock', reason });
    // The verdict is known now.
    expect(await chosen()).toMatchObject({ kind: 'stock', reason });
  });
});
