/**
 * @file The thread that owns ONNX Runtime: sessions and the state that steps read and write. One request at a time.
 * Every pack is a pair of buffers: a run reads one and writes the other, and the two change places when it succeeded,
 * so that no step allocates state and a failed or refused step leaves the state as it was.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type Activity, enter, leave } from '../base/activity.js';
import { messageOf } from '../base/errors.js';
import type { TensorData } from '../graph/tensor.js';
import { allocate } from './allocate.js';
import type {
  ModelValue,
  ReplyMessage,
  RequestKind,
  RequestMessage,
  Requests,
  StepBinding,
  TensorValue,
} from './protocol.js';
import { createSession, type Session, toOrtTensor, valuesOf } from './runtime.js';
import { packInputName, packOutputName } from './step.js';
import { createStepSession, type StepSession, type Value } from './step-session.js';

interface PackState {
  current: Float32Array;
  /** Where the next state is written; made when the first step that updates the pack is compiled. */
  spare: Float32Array | undefined;
  isSet: boolean;
}

interface Step {
  readonly session: StepSession;
  readonly binding: StepBinding;
}

const activity = workerData as Activity;
const steps = new Map<number, Step>();
const models = new Map<number, Session>();
const packs = new Map<string, PackState>();
let lastSession = 0;

/** A value, and the buffers in it that move to the caller's thread. */
interface Answer<T> {
  readonly value: T;
  readonly moved?: readonly TensorData[];
}

type Handlers = {
  [K in RequestKind]: (body: Requests[K]['request']) => Promise<Answer<Requests[K]['reply']>>;
};

function ensurePack(name: string, size: number): PackState {
  let pack = packs.get(name);
  if (!pack) {
    pack = { current: new Float32Array(size), spare: undefined, isSet: false };
    packs.set(name, pack);
  }
  requireSize(name, size);
  return pack;
}

function requireSize(name: string, size: number): void {
  const known = packs.get(name)?.current.length ?? size;
  if (known !== size) throw new Error(`pack "${name}" has ${size} values here, but ${known} elsewhere`);
}

const float = (name: string, shape: readonly number[], data: Float32Array): Value => ({
  ...{ name, dtype: 'float32', shape, data },
});

/**
 * Statistics are the small packs. Batch norm divides what is too large to be squared by infinity, so that loss and gradients
 * stay finite while the running variance does not; parameters and moments follow from finite gradients.
 */
const MOST_LOOKED_AT = 2 ** 18;

/** Whether the next state of a pack is finite, as far as it is looked at. */
function isFinitePack(name: string): boolean {
  const next = known(packs, name).spare!;
  return next.length > MOST_LOOKED_AT || next.every(Number.isFinite);
}

const handlers: Handlers = {
  async compile({ model, settings, binding }) {
    for (const { name, size } of binding.packs) requireSize(name, size);
    const session = await createStepSession(model, settings);
    // After the session: a step that the runtime refuses must not decide how large a pack is.
    for (const { name, size, updated } of binding.packs) {
      const pack = ensurePack(name, size);
      if (updated) pack.spare ??= new Float32Array(size);
    }
    lastSession += 1;
    steps.set(lastSession, { session, binding });
    return { value: { session: lastSession } };
  },

  async load({ model, settings }) {
    const session = await createSession(model, settings);
    lastSession += 1;
    models.set(lastSession, session);
    return {
      value: {
        session: lastSession,
        inputs: valuesOf(session.inputMetadata) as ModelValue[],
        outputs: valuesOf(session.outputMetadata) as ModelValue[],
      },
    };
  },

  async run({ session: id, inputs, scalars }) {
    const { session, binding } = known(steps, id);
    const given = [
      ...binding.inputs.map((type, i): Value => ({ ...type, data: inputs[i]! })),
      ...binding.scalars.map((name, i) => float(name, [], Float32Array.of(scalars[i]!))),
    ];
    const wanted = binding.outputs.map(
      (type): Value => ({ ...type, data: allocate(type.dtype, type.shape) }),
    );
    const outputs = wanted.map(({ data }) => data);
    for (const { name, size, updated } of binding.packs) {
      const pack = known(packs, name);
      if (!pack.isSet) throw new Error(`pack "${name}" has no values yet; call setState first`);
      given.push(float(packInputName(name), [size], pack.current));
      if (updated) wanted.push(float(packOutputName(name), [size], pack.spare!));
    }

    const start = performance.now();
    await session.run(given, wanted);
    const milliseconds = performance.now() - start;

    const guard = binding.outputs.findIndex(({ name }) => name === binding.commitIfFinite);
    const isGood = guard < 0 || Number.isFinite(outputs[guard]![0]);
    const committed =
      isGood && (guard < 0 || binding.packs.every(({ name, updated }) => !updated || isFinitePack(name)));
    if (committed)
      for (const { name, updated } of binding.packs) {
        const pack = known(packs, name);
        if (updated) [pack.current, pack.spare] = [pack.spare!, pack.current];
      }
    return { value: { inputs, outputs, committed, milliseconds }, moved: [...inputs, ...outputs] };
  },

  async runModel({ session: id, inputs }) {
    const session = known(models, id);
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, { dtype, data, shape }]) => [name, toOrtTensor(dtype, data, shape)]),
    );
    const results = await session.run(feeds);
    const outputs = Object.fromEntries(
      Object.entries(results).map(([name, { type, dims, data }]): [string, TensorValue] => [
        name,
        { dtype: type as TensorValue['dtype'], shape: dims, data: data as TensorData },
      ]),
    );
    return { value: { outputs }, moved: Object.values(outputs).map(({ data }) => data) };
  },

  async setState({ pack: name, data }) {
    const pack = ensurePack(name, data.length);
    pack.current.set(data);
    pack.isSet = true;
    return { value: undefined };
  },

  async getState({ pack: name }) {
    const pack = packs.get(name);
    if (!pack?.isSet) throw new Error(`pack "${name}" has no values yet; call setState first`);
    const data = pack.current.slice();
    return { value: data, moved: [data] };
  },

  async release({ session: id }) {
    await (steps.get(id)?.session ?? models.get(id))?.release();
    steps.delete(id);
    models.delete(id);
    return { value: undefined };
  },

  async close() {
    for (const { session } of steps.values()) await session.release();
    for (const session of models.values()) await session.release();
    steps.clear();
    models.clear();
    packs.clear();
    return { value: undefined };
  },
};

function known<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new Error(`${String(key)} was released or never made`);
  return value;
}

async function answer({ id, kind, body }: RequestMessage): Promise<void> {
  if (!enter(activity)) return;
  try {
    const handler = handlers[kind] as (body: unknown) => Promise<Answer<unknown>>;
    const { value, moved = [] } = await handler(body);
    const reply: ReplyMessage = { id, value };
    parentPort!.postMessage(
      reply,
      moved.map(({ buffer }) => buffer as ArrayBuffer),
    );
  } catch (error) {
    parentPort!.postMessage({ id, error: messageOf(error) } satisfies ReplyMessage);
  } finally {
    leave(activity);
  }
  if (kind === 'close') parentPort!.close();
}

let queue = Promise.resolve();
parentPort!.on('message', (message: RequestMessage) => {
  queue = queue.then(() => answer(message));
});
