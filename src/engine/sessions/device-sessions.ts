/**
 * @file Sessions of graphics processors, whose state stays there: of a step only its outputs come back. ONNX Runtime gives what it
 * leaves on the device as a tensor without values, which can be handed to a later run; to write and to read such a tensor takes a
 * run of its own, of a model that copies. Memory of a device goes with the session that took it: a tensor must not outlive its session.
 * Which runtime, that of Node or that of browsers, is no matter here.
 */
import { input } from '../../graph/builders.js';
import { serializeLowered } from '../../graph/onnx/serialize.js';
import { createNode } from '../../graph/tensor.js';
import type { DType, Shape, TensorData } from '../../graph/types.js';
import type { StepBinding } from '../protocol.js';
import type { SessionSettings } from '../settings.js';
import { finiteOutputName, packInputName, packOutputName } from '../step.js';
import type { BoundState, SessionProvider, State, StepSession, Value } from './session.js';

/** A value of the runtime, in memory or on the device. */
export interface DeviceTensor {
  /** Of one in memory; those on the device may throw. */
  readonly data?: unknown;
  dispose(): void;
}

type Named<T> = Readonly<Record<string, T>>;

/** A session of the runtime on the device. */
export interface RuntimeSession<T extends DeviceTensor> {
  run(feeds: Named<T>): Promise<Named<T>>;
  release(): Promise<void>;
  endProfiling?(): void;
}

/** Where each output of a session is to be: on the device, or in memory. */
export type OutputLocations = Named<'gpu-buffer' | 'cpu'>;

/** What sessions of a device need of a runtime: that of Node, or that of browsers. */
export interface DeviceRuntime<T extends DeviceTensor> {
  /** @throws Error for a model that has an operator which the device lacks */
  createSession(
    model: Uint8Array,
    settings: SessionSettings,
    locations: OutputLocations,
  ): Promise<RuntimeSession<T>>;
  tensor(dtype: DType, data: TensorData, shape: Shape): T;
}

/** A pack on the device. */
class DeviceState<T extends DeviceTensor> implements State {
  private held: T | undefined;
  private written: T | undefined;
  /** The step whose run has made what is held, or written; undefined for what was set. */
  private maker: RuntimeSession<T> | undefined;
  private nextMaker: RuntimeSession<T> | undefined;
  private isFinite = true;
  private readonly copying = new Map<'up' | 'down', RuntimeSession<T>>();

  constructor(
    private readonly size: number,
    private readonly runtime: DeviceRuntime<T>,
  ) {}

  /** What a run reads. */
  async current(): Promise<T> {
    if (!this.held) await this.set(new Float32Array(this.size));
    return this.held!;
  }

  /** @param finite undefined where it was not looked at */
  write(tensor: T, maker: RuntimeSession<T>, finite: boolean | undefined): void {
    this.written?.dispose();
    this.written = tensor;
    this.nextMaker = maker;
    this.isFinite = finite ?? true;
  }

  /** Takes the values over from a step that is about to be released. */
  async outlive(session: RuntimeSession<T>): Promise<void> {
    if (this.nextMaker === session) {
      this.written?.dispose();
      this.written = undefined;
    }
    if (!this.held || this.maker !== session) return;
    this.hold(await this.copy('up', this.held), undefined);
  }

  async set(data: Float32Array): Promise<void> {
    this.hold(await this.copy('up', this.runtime.tensor('float32', data, [this.size])), undefined);
  }

  async get(): Promise<Float32Array> {
    const copied = await this.copy('down', await this.current());
    return (copied.data as Float32Array).slice();
  }

  isNextFinite(): boolean {
    return this.isFinite;
  }

  commit(): void {
    this.hold(this.written!, this.nextMaker);
    this.written = undefined;
  }

  release(): void {
    this.held?.dispose();
    this.written?.dispose();
    for (const session of this.copying.values()) void session.release();
    this.held = undefined;
    this.written = undefined;
    this.copying.clear();
  }

  private hold(tensor: T, maker: RuntimeSession<T> | undefined): void {
    this.held?.dispose();
    this.held = tensor;
    this.maker = maker;
  }

  private async copy(way: 'up' | 'down', value: T): Promise<T> {
    const session = this.copying.get(way) ?? (await copyingSession(this.runtime, this.size, way === 'up'));
    this.copying.set(way, session);
    return (await session.run({ x: value })).y!;
  }
}

/** Of a model that gives what it gets. */
function copyingSession<T extends DeviceTensor>(
  runtime: DeviceRuntime<T>,
  size: number,
  up: boolean,
): Promise<RuntimeSession<T>> {
  const x = input('x', 'float32', [size]);
  const y = createNode('stopGradient', [x], {})[0]!;
  const model = serializeLowered({ inputs: [x], outputs: { y } });
  return runtime.createSession(model, { threads: 1, rewrite: false }, { y: up ? 'gpu-buffer' : 'cpu' });
}

/** Sessions on the device of a runtime, and state there. */
export function deviceSessions<T extends DeviceTensor>(runtime: DeviceRuntime<T>): SessionProvider {
  return {
    placement: { create: (size) => new DeviceState(size, runtime) },
    createSession: async (model, settings, _, binding) => {
      const session = await runtime.createSession(model, settings, locationsOf(binding));
      const written = new Set<DeviceState<T>>();
      return {
        run: (inputs, outputs, states) => {
          const held = states as readonly DeviceBound<T>[];
          for (const { state, updated } of held) if (updated) written.add(state);
          return run(runtime, session, inputs, outputs, held);
        },
        release: async () => {
          for (const state of written) await state.outlive(session);
          if (settings.profile !== undefined) session.endProfiling?.();
          await session.release();
        },
      };
    },
  };
}

/** Packs stay on the device. */
const locationsOf = ({ outputs, packs }: StepBinding): OutputLocations => ({
  ...Object.fromEntries(outputs.map(({ name }) => [name, 'cpu'])),
  ...Object.fromEntries(
    packs.flatMap(({ name, updated }) => (updated ? [[packOutputName(name), 'gpu-buffer']] : [])),
  ),
  ...Object.fromEntries(
    packs.flatMap(({ name, looked }) => (looked ? [[finiteOutputName(name), 'cpu']] : [])),
  ),
});

type DeviceBound<T extends DeviceTensor> = BoundState & { readonly state: DeviceState<T> };

async function run<T extends DeviceTensor>(
  runtime: DeviceRuntime<T>,
  session: RuntimeSession<T>,
  inputs: readonly Value[],
  outputs: readonly Value[],
  held: readonly DeviceBound<T>[],
): ReturnType<StepSession['run']> {
  const feeds: Record<string, T> = {};
  for (const { name, dtype, data, shape } of inputs) feeds[name] = runtime.tensor(dtype, data, shape);
  for (const { name, state } of held) feeds[packInputName(name)] = await state.current();
  const results = await session.run(feeds);
  for (const { name, data } of outputs) {
    (data as Float32Array).set(results[name]!.data as Float32Array & TensorData);
  }
  for (const { name, state, updated } of held) {
    if (!updated) continue;
    const looked = results[finiteOutputName(name)]?.data as Float32Array | undefined;
    state.write(results[packOutputName(name)]!, session, looked && Number.isFinite(looked[0]));
  }
}
