/**
 * @file A model for a stream of inputs: one run with all threads, or, when several are asked for at once, runs side by side with
 * a share of the threads each. The threads of a run wait for each other at every operator, so that whatever else happens on
 * their cores holds up all of them, hundreds of times a run; runs side by side wait for nothing.
 */
import { availableParallelism } from 'node:os';
import { type CompiledModel, createEngine, type Engine, type EngineOptions } from './engine.js';
import type { TensorValue } from './protocol.js';

/** Runs that met others under way before it is worth starting lanes: a second's work must not begin with that of starting them. */
const MET_BEFORE_LANES = 4;
/** With more threads than these, networks of usual sizes give other bits than with one (onnxruntime-node 1.30.0). */
const MOST_THREADS_OF_EQUAL_BITS = 3;

/** A model that may be run several times at once. */
export interface LanedModel extends Pick<CompiledModel, 'inputs' | 'outputs' | 'run'> {
  /** As many runs at once are worth asking for. */
  readonly atOnce: number;
  /** Ends the engines. */
  dispose(): Promise<void>;
}

type Inputs = Parameters<CompiledModel['run']>[0];

interface Lane {
  readonly engine: Engine;
  readonly model: CompiledModel;
  underWay: number;
}

/** How many runs are worth having at once with so many threads. */
export const lanesFor = (threads: number = availableParallelism()): number =>
  threads <= MOST_THREADS_OF_EQUAL_BITS ? threads : 1;

/**
 * Loads a model; lanes are started when runs keep meeting each other.
 * @throws OtxError `engine` when the runtime refuses it.
 */
export async function loadLaned(
  model: Uint8Array,
  options: Pick<EngineOptions, 'threads' | 'cache'> = {},
): Promise<LanedModel> {
  const atOnce = lanesFor(options.threads);
  const whole = await openLane(model, options);
  let side: readonly Lane[] = [];
  let starting: Promise<void> | undefined;
  let met = 0;
  let underWay = 0;
  let isDisposed = false;

  const start = async (inputs: Inputs) => {
    const opening = Array.from({ length: atOnce }, () => openLane(model, { ...options, threads: 1 }));
    const opened = await Promise.allSettled(opening);
    const lanes = opened.flatMap((lane) => (lane.status === 'fulfilled' ? [lane.value] : []));
    // Where there is no memory for all of them, one run after the other is what remains.
    const isUsable = lanes.length === atOnce && (await haveEqualBits([whole, lanes[0]!], inputs));
    if (isUsable && !isDisposed) side = lanes;
    else await Promise.all(lanes.map(({ engine }) => engine.dispose()));
  };
  const choose = (inputs: Inputs): Lane => {
    if (underWay === 0) return whole;
    met += 1;
    if (atOnce > 1 && met > MET_BEFORE_LANES) starting ??= start(inputs).catch(() => undefined);
    return side.reduce((best, lane) => (lane.underWay < best.underWay ? lane : best), side[0] ?? whole);
  };
  const run: CompiledModel['run'] = async (inputs) => {
    const lane = choose(inputs);
    lane.underWay += 1;
    underWay += 1;
    try {
      return await lane.model.run(inputs);
    } finally {
      lane.underWay -= 1;
      underWay -= 1;
    }
  };
  return {
    inputs: whole.model.inputs,
    outputs: whole.model.outputs,
    atOnce,
    run,
    dispose: async () => {
      isDisposed = true;
      await Promise.all([whole, ...side].map(({ engine }) => engine.dispose()));
      await starting;
    },
  };
}

async function openLane(
  bytes: Uint8Array,
  { threads, cache }: Pick<EngineOptions, 'threads' | 'cache'>,
): Promise<Lane> {
  const engine = await createEngine({
    ...(threads === undefined ? {} : { threads }),
    ...(cache === undefined ? {} : { cache }),
  });
  try {
    return { engine, model: await engine.load(bytes), underWay: 0 };
  } catch (error) {
    await engine.dispose();
    throw error;
  }
}

/** Which runs meet others is chance, and results must not depend on it. */
async function haveEqualBits(lanes: readonly [Lane, Lane], inputs: Inputs): Promise<boolean> {
  const [one, other] = await Promise.all(lanes.map(({ model }) => model.run(inputs)));
  const bytesOf = ({ data }: TensorValue) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Object.entries(one!).every(([name, value]) => bytesOf(value).equals(bytesOf(other![name]!)));
}
