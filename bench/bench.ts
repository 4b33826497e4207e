/**
 * @file `npm run bench`: time, memory and operators of the supervised training step (forward, loss, backward, clipping,
 * Adam) per model and batch size. `npm run bench -- --help` lists the options.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { ENGINE_WISHES, type EngineWish } from '../src/engine/settings.js';
import { segmentorConfigs } from '../src/models/index.js';
import { compareInTurns } from './compare.js';
import type { Configuration, Measurement, Start } from './configuration.js';
import { timeReferenceMatMul } from './reference.js';

const help = `Usage: npm run bench -- [options]
  --models A,B     default ${Object.keys(segmentorConfigs).join(',')}
  --batch 1,4,8    batch sizes
  --size 512       side of the images
  --steps 10       measured steps per configuration
  --threads N      default all (${availableParallelism()})
  --memory M,N     fast, lean, auto; default fast,lean
  --engine A,B     auto, stock, fused; default stock,auto
  --no-shares      leave out the time shares per operator type
  --profile DIR    keep ONNX Runtime's raw profiles in DIR
  --json FILE      write all figures to FILE
  --keep DIR       keep this build in DIR, inside this folder, for a later --compare
  --compare DIR    run steps of the build in DIR and of this one in turns, and print how many times as fast they have become`;

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: Object.keys(segmentorConfigs).join(',') },
    batch: { type: 'string', default: '1,4,8' },
    size: { type: 'string', default: '512' },
    steps: { type: 'string', default: '10' },
    threads: { type: 'string', default: String(availableParallelism()) },
    memory: { type: 'string', default: 'fast,lean' },
    engine: { type: 'string', default: 'stock,auto' },
    'no-shares': { type: 'boolean', default: false },
    profile: { type: 'string' },
    json: { type: 'string' },
    keep: { type: 'string' },
    compare: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** Of the build that runs. */
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Largest shares that are printed. */
const PRINTED_SHARES = 12;

async function measureInChild<M extends Start>(configuration: Configuration): Promise<M> {
  const script = fileURLToPath(new URL('./measure.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(configuration)], {
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout) as M;
}

const columns = [
  ['model', 14],
  ['batch', 6],
  ['memory', 7],
  ['engine', 7],
  ['nodes', 7],
  ['prepare', 9],
  ['again', 8],
  ['create', 9],
  ['step median', 12],
  ['min', 9],
  ['max', 9],
  ['images/s', 9],
  ['peak memory', 12],
] as const;

const row = (cells: readonly string[]): string =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(columns[i]![1]) : cell.padStart(columns[i]![1]))).join(' ');

const ms = (value: number): string => `${value.toFixed(value < 100 ? 1 : 0)} ms`;

function print({ model, batch }: Configuration, m: Measurement, again: Start): void {
  console.log(
    row([
      model,
      String(batch),
      m.memory,
      m.engine,
      String(m.nodes),
      ms(m.buildMs),
      ms(again.buildMs),
      ms(m.createMs),
      ms(m.medianMs),
      ms(m.minMs),
      ms(m.maxMs),
      m.imagesPerSecond.toFixed(2),
      `${m.peakMemoryMb.toFixed(0)} MB`,
    ]),
  );
  if (m.shares.length === 0) return;
  const shares = m.shares
    .slice(0, PRINTED_SHARES)
    .map(({ opType, share, nodes }) => `${opType} ${(100 * share).toFixed(1)} % (${nodes})`);
  console.log(`  ${shares.join(', ')}`);
}

async function printComparison(configuration: Configuration, before: string): Promise<void> {
  const { model, batch, memory, engine } = configuration;
  const { beforeMs, nowMs, ratio, range } = await compareInTurns(configuration, resolve(before), ROOT);
  const [least, most] = range.map((value) => value.toFixed(2));
  console.log(
    `${model}, batch ${batch}, ${memory}, ${engine}: ${ms(beforeMs)} -> ${ms(nowMs)}, ${ratio.toFixed(2)} times as fast (${least} to ${most})`,
  );
}

function isMemoryOption(name: string): name is Configuration['memory'] {
  return name === 'fast' || name === 'lean' || name === 'auto';
}

function isEngine(name: string): name is EngineWish {
  return ENGINE_WISHES.some((engine) => engine === name);
}

const pairs = <A, B>(first: readonly A[], second: readonly B[]): [A, B][] =>
  first.flatMap((a) => second.map((b): [A, B] => [a, b]));

async function main(): Promise<void> {
  const memories = options.memory.split(',');
  for (const memory of memories)
    if (!isMemoryOption(memory)) throw new Error(`--memory ${memory}: expected fast, lean or auto`);
  const engines = options.engine.split(',');
  for (const engine of engines)
    if (!isEngine(engine)) throw new Error(`--engine ${engine}: expected ${ENGINE_WISHES.join(', ')}`);
  if (options.compare !== undefined && !existsSync(join(options.compare, 'bench', 'measure.js')))
    throw new Error(`--compare ${options.compare}: no build is kept there; make one with --keep`);
  const threads = Number(options.threads);
  const raw = options.profile === undefined ? undefined : resolve(options.profile);
  const profiles = raw ?? (await mkdtemp(join(tmpdir(), 'otx-bench-')));
  await mkdir(profiles, { recursive: true });
  const referenceMatMulMs = await timeReferenceMatMul(threads);
  const machine = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${threads} threads, Node ${process.version}`;
  console.log(
    `${machine}; MatMul 1024x1024x1024: ${ms(referenceMatMulMs)}; images ${options.size}x${options.size}`,
  );
  if (options.keep !== undefined) await cp(ROOT, resolve(options.keep), { recursive: true });
  if (options.compare === undefined) console.log(row(columns.map(([title]) => title)));

  const cache = await mkdtemp(join(tmpdir(), 'otx-bench-cache-'));
  const results: { configuration: Configuration; measurement: Measurement; again: Start }[] = [];
  try {
    for (const model of options.models.split(','))
      for (const [batch, [memory, engine]] of pairs(
        options.batch.split(',').map(Number),
        pairs(memories.filter(isMemoryOption), engines.filter(isEngine)),
      )) {
        const configuration: Configuration = {
          model,
          batch,
          size: Number(options.size),
          threads,
          memory,
          engine,
          steps: Number(options.steps),
          profile: options['no-shares'] ? null : profiles,
          cache,
        };
        if (options.compare !== undefined) {
          await printComparison(configuration, options.compare);
          continue;
        }
        const measurement = await measureInChild<Measurement>(configuration);
        // A process of its own again: this time the compiled step is in the cache.
        const again = await measureInChild<Start>({ ...configuration, steps: 0 });
        print(configuration, measurement, again);
        results.push({ configuration, measurement, again });
      }
  } finally {
    await rm(cache, { recursive: true, force: true });
    if (raw === undefined) await rm(profiles, { recursive: true, force: true });
  }
  if (options.json !== undefined)
    await writeFile(options.json, `${JSON.stringify({ machine, referenceMatMulMs, results }, null, 2)}\n`);
}

if (options.help) console.log(help);
else await main();
