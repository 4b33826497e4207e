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
import { createSession, type OrtTensor, type Session, toOrtTensor, valuesOf } from './runtime.js';
import { packInputName, packOutputName } from './step.js';

interface PackState {
  current: OrtTensor;
  /** Where the next state is written; made when the first step that updates the pack is compiled. */
  spare: OrtTensor | undefined;
  isSet: boolean;
}

interface Step {
  readonly session: Session;
  readonly binding: StepBinding;
  readonly scalars: readonly OrtTensor[];
  readonly isProfiled: boolean;
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

const newPackTensor = (size: number): OrtTensor => toOrtTensor('float32', new Float32Array(size), [size]);

function ensurePack(name: string, size: number): PackState {
  let pack = packs.get(name);
  if (!pack) {
    pack = { current: newPackTensor(size), spare: undefined, isSet: false };
    packs.set(name, pack);
  }
  if (pack.current.size !== size)
    throw new Error(`pack "${name}" has ${size} values here, but ${pack.current.size} elsewhere`);
  return pack;
}

/**
 * Statistics are the small packs. Batch norm divides what is too large to be squared by infinity, so that loss and gradients
 * stay finite while the running variance does not; parameters and moments follow from finite gradients.
 */
const MOST_LOOKED_AT = 2 ** 18;

/** Whether the next state of a pack is finite, as far as it is looked at. */
function isFinitePack(name: string): boolean {
  const { data, size } = known(packs, name).spare!;
  return size > MOST_LOOKED_AT || (data as Float32Array).every(Number.isFinite);
}

const handlers: Handlers = {
  async compile({ model, settings, binding }) {
    for (const { name, size, updated } of binding.packs) {
      const pack = ensurePack(name, size);
      if (updated) pack.spare ??= newPackTensor(size);
    }
    const session = await createSession(model, settings);
    lastSession += 1;
    const scalars = binding.scalars.map(() => toOrtTensor('float32', new Float32Array(1), []));
    steps.set(lastSession, { session, binding, scalars, isProfiled: settings.profile !== undefined });
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
    const { session, binding, scalars: scalarTensors } = known(steps, id);
    const feeds: Record<string, OrtTensor> = {};
    const fetches: Record<string, OrtTensor> = {};
    binding.inputs.forEach(({ name, dtype, shape }, i) => {
      feeds[name] = toOrtTensor(dtype, inputs[i]!, shape);
    });
    binding.scalars.forEach((name, i) => {
      (scalarTensors[i]!.data as Float32Array)[0] = scalars[i]!;
      feeds[name] = scalarTensors[i]!;
    });
    for (const { name, updated } of binding.packs) {
      const pack = known(packs, name);
      if (!pack.isSet) throw new Error(`pack "${name}" has no values yet; call setState first`);
      feeds[packInputName(name)] = pack.current;
      if (updated) fetches[packOutputName(name)] = pack.spare!;
    }
    const outputs = binding.outputs.map(({ name, dtype, shape }) => {
      const data = allocate(dtype, shape);
      fetches[name] = toOrtTensor(dtype, data, shape);
      return data;
    });

    const start = performance.now();
    await session.run(feeds, fetches);
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
    (pack.current.data as Float32Array).set(data);
    pack.isSet = true;
    return { value: undefined };
  },

  async getState({ pack: name }) {
    const pack = packs.get(name);
    if (!pack?.isSet) throw new Error(`pack "${name}" has no values yet; call setState first`);
    const data = (pack.current.data as Float32Array).slice();
    return { value: data, moved: [data] };
  },

  async release({ session: id }) {
    const step = steps.get(id);
    if (step?.isProfiled) step.session.endProfiling();
    await (step?.session ?? models.get(id))?.release();
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
