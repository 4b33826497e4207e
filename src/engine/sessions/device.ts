/**
 * @file Sessions of graphics processors, whose state stays there: of a step only its outputs come back. ONNX Runtime gives what it
 * leaves on the device as a tensor without values, which can be handed to a later run; to write and to read such a tensor takes a
 * run of its own, of a model that copies. Memory of a device goes with the session that took it: a tensor must not outlive its session.
 */
import { input } from '../../graph/builders.js';
import { serializeLowered } from '../../graph/onnx/serialize.js';
import { createNode } from '../../graph/tensor.js';
import type { TensorData } from '../../graph/types.js';
import { createDeviceSession, type OrtTensor, type Session, toOrtTensor } from '../runtime.js';
import { finiteOutputName, packInputName, packOutputName } from '../step.js';
import { hostPlacement } from './host.js';
import type { BoundState, Placement, SessionProvider, State, StepSession, Value } from './session.js';
import { arraySession } from './stock.js';

/** A pack on the device. */
class DeviceState implements State {
  private held: OrtTensor | undefined;
  private written: OrtTensor | undefined;
  /** The step whose run has made what is held, or written; undefined for what was set. */
  private maker: Session | undefined;
  private nextMaker: Session | undefined;
  private isFinite = true;
  private readonly copying = new Map<'up' | 'down', Session>();

  constructor(private readonly size: number) {}

  /** What a run reads. */
  async current(): Promise<OrtTensor> {
    if (!this.held) await this.set(new Float32Array(this.size));
    return this.held!;
  }

  /** @param finite undefined where it was not looked at */
  write(tensor: OrtTensor, maker: Session, finite: boolean | undefined): void {
    this.written?.dispose();
    this.written = tensor;
    this.nextMaker = maker;
    this.isFinite = finite ?? true;
  }

  /** Takes the values over from a step that is about to be released. */
  async outlive(session: Session): Promise<void> {
    if (this.nextMaker === session) {
      this.written?.dispose();
      this.written = undefined;
    }
    if (!this.held || this.maker !== session) return;
    this.hold(await this.copy('up', this.held), undefined);
  }

  async set(data: Float32Array): Promise<void> {
    this.hold(await this.copy('up', toOrtTensor('float32', data, [this.size])), undefined);
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

  private hold(tensor: OrtTensor, maker: Session | undefined): void {
    this.held?.dispose();
    this.held = tensor;
    this.maker = maker;
  }

  private async copy(way: 'up' | 'down', value: OrtTensor): Promise<OrtTensor> {
    const session = this.copying.get(way) ?? (await copyingSession(this.size, way === 'up'));
    this.copying.set(way, session);
    return (await session.run({ x: value })).y!;
  }
}

/** Of a model that gives what it gets. */
function copyingSession(size: number, up: boolean): Promise<Session> {
  const x = input('x', 'float32', [size]);
  const y = createNode('stopGradient', [x], {})[0]!;
  const model = serializeLowered({ inputs: [x], outputs: { y } });
  return createDeviceSession(model, 'webgpu', { threads: 1, rewrite: false }, { y: up });
}

/** Arrays of the thread go to the card with every run, and come back: onnxruntime-node leaves nothing on one of CUDA. */
export const cudaSessions: SessionProvider = {
  placement: hostPlacement,
  createSession: async (model, settings) =>
    arraySession(await createDeviceSession(model, 'cuda', settings), settings),
};

const devicePlacement: Placement = { create: (size) => new DeviceState(size) };

export const webgpuSessions: SessionProvider = {
  placement: devicePlacement,
  createSession: async (model, settings, _, binding) => {
    const stays = Object.fromEntries([
      ...binding.outputs.map(({ name }) => [name, false]),
      ...binding.packs.flatMap(({ name, updated }) => (updated ? [[packOutputName(name), true]] : [])),
      ...binding.packs.flatMap(({ name, looked }) => (looked ? [[finiteOutputName(name), false]] : [])),
    ]) as Readonly<Record<string, boolean>>;
    const session = await createDeviceSession(model, 'webgpu', settings, stays);
    const written = new Set<DeviceState>();
    return {
      run: (inputs, outputs, states) => {
        const held = states as readonly DeviceBound[];
        for (const { state, updated } of held) if (updated) written.add(state);
        return run(session, inputs, outputs, held);
      },
      release: async () => {
        for (const state of written) await state.outlive(session);
        if (settings.profile !== undefined) session.endProfiling();
        await session.release();
      },
    };
  },
};

type DeviceBound = BoundState & { readonly state: DeviceState };

async function run(
  session: Session,
  inputs: readonly Value[],
  outputs: readonly Value[],
  held: readonly DeviceBound[],
): ReturnType<StepSession['run']> {
  const feeds: Record<string, OrtTensor> = {};
  for (const { name, dtype, data, shape } of inputs) feeds[name] = toOrtTensor(dtype, data, shape);
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
