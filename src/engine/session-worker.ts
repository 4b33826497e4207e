/**
 * @file The thread that owns ONNX Runtime: sessions and the state that steps read and write. One request at a time.
 * A failed or refused step leaves the state as it was.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type Activity, enter, leave } from '../base/activity.js';
import { messageOf } from '../base/errors.js';
import type { TensorData } from '../graph/tensor.js';
import { createMean } from './mean.js';
import type {
  ModelValue,
  ReplyMessage,
  RequestKind,
  RequestMessage,
  Requests,
  TensorValue,
} from './protocol.js';
import { openMpi } from './ranks/mpi-library.js';
import { createSharedMean } from './ranks/shared-mean.js';
import { createSession, type Session, toOrtTensor, valuesOf } from './runtime.js';
import { Packs } from './sessions/packs.js';
import { type ReadyStep, runStep, runTogether } from './sessions/run-step.js';
import { createStepSession } from './sessions/session-providers.js';
import type { Job } from './settings.js';

const activity = workerData as Activity;
const steps = new Map<number, ReadyStep>();
const models = new Map<number, Session>();
const packs = new Packs();
let mean = createMean();
let job: Job | undefined;
let lastSession = 0;

/** A value, and the buffers in it that move to the caller's thread. */
interface Answer<T> {
  readonly value: T;
  readonly moved?: readonly TensorData[];
}

type Handlers = {
  [K in RequestKind]: (body: Requests[K]['request']) => Promise<Answer<Requests[K]['reply']>>;
};

const handlers: Handlers = {
  async compile({ model, settings, target, binding }) {
    for (const { name, size } of binding.packs) packs.requireSize(name, size);
    const { session, placement } = await createStepSession(model, settings, target, binding);
    // After the session: a step that the runtime refuses must not decide how large a pack is.
    for (const { name, size } of binding.packs) packs.declare(name, size);
    lastSession += 1;
    steps.set(lastSession, { session, placement, binding });
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
    const ran = await runStep(known(steps, id), packs, inputs, scalars);
    return { value: { ...ran, inputs }, moved: [...inputs, ...ran.outputs] };
  },

  async runTogether({ session: id, parts, scalars, values, count }) {
    const step = known(steps, id);
    const ran = await runTogether(step, packs, parts, scalars, job);
    let numbers = new Float32Array(values.length);
    for (const [i, { outputs, updates }] of ran.entries()) {
      numbers = Float32Array.from(values, (place) => Number(outputs[place]![0]));
      mean.add([...updates, numbers], i === 0, i === ran.length - 1 ? count : undefined);
    }
    const { outputs, updates } = ran.at(-1)!;
    const updated = step.binding.packs.filter((pack) => pack.updated);
    for (const [i, { name }] of updated.entries()) await packs.set(name, updates[i]!);
    return { value: { parts, outputs, means: [...numbers] }, moved: [...parts.flat(), ...outputs] };
  },

  async join(all) {
    mean = createSharedMean(await openMpi(all.mpi), all.ranks);
    job = all;
    return { value: undefined };
  },

  async reduce({ packs: names, values, isFirst, count }) {
    const numbers = Float32Array.from(values);
    const vectors = await Promise.all(names.map((name) => packs.get(name)));
    mean.add([...vectors, numbers], isFirst, count);
    if (count !== undefined) for (const [i, name] of names.entries()) await packs.set(name, vectors[i]!);
    return { value: { values: [...numbers] } };
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

  async setState({ pack, data }) {
    await packs.set(pack, data);
    return { value: undefined };
  },

  async getState({ pack }) {
    const data = await packs.get(pack);
    return { value: data, moved: [data] };
  },

  async release({ session: id }) {
    await (steps.get(id)?.session ?? models.get(id))?.release();
    steps.delete(id);
    models.delete(id);
    return { value: undefined };
  },

  async close() {
    // First: what they hold may be memory of a session.
    packs.clear();
    for (const { session } of steps.values()) await session.release();
    for (const session of models.values()) await session.release();
    steps.clear();
    models.clear();
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
