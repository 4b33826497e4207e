/** @file Which provider computes training steps: the one that was asked for, or the first that works. */
import { OtxError } from '../../base/errors.js';
import type { StepTimes } from '../devices/kept-verdict.js';
import {
  DEVICE_KINDS,
  type DeviceKind,
  type DeviceWish,
  type EngineKind,
  type EngineWish,
} from '../settings.js';
import type { DeviceTarget } from './device-target.js';
import type { ProbeRunner, Provider, Target } from './provider.js';
import type { StockProvider } from './stock.js';

/** What came of a wish. */
export interface EngineChoice {
  /** The engine of training steps. */
  readonly kind: EngineKind;
  /** Why that one, in words that follow its name. */
  readonly reason: string;
  /** Of a graphics processor its name, as its driver has it. */
  readonly device?: string;
  /** Why steps of mixed precision are computed in float32 all the same; undefined where they are not. */
  readonly notMixed?: string;
}

/** What came of it, and what to compile for. */
export interface Chosen extends EngineChoice {
  readonly target: Target;
}

/** What may be asked for. */
export interface Wishes {
  readonly engine: EngineWish;
  /** Default `cpu`. */
  readonly device?: DeviceWish;
}

/** All there is to choose from. */
export interface Providers {
  readonly stock: StockProvider;
  readonly fused: Provider;
  readonly devices: { readonly [K in DeviceKind]: Provider<DeviceTarget, string> };
}

/** Times a step on the processor and on a device; undefined where there is no step to time. */
export type Compare = (processor: Target, device: DeviceTarget) => Promise<StepTimes>;

/**
 * @param compare for `auto`; without it a device is never chosen by itself
 * @throws OtxError `engine` when the fused engine, or a device, was asked for by name and cannot be had.
 */
export async function chooseProvider(
  { engine, device = 'cpu' }: Wishes,
  providers: Providers,
  run: ProbeRunner,
  compare?: Compare,
): Promise<Chosen> {
  if (device === 'cpu') return chooseForProcessor(engine, providers, run);
  if (device === 'auto') {
    const processor = await chooseForProcessor(engine, providers, run);
    const devices = DEVICE_KINDS.map((kind) => providers.devices[kind]);
    return compare ? chooseFastest(processor, devices, run, compare) : processor;
  }
  const target = await providers.devices[device].probe(run);
  if (typeof target === 'object') return { kind: device, reason: 'asked for', device: target.name, target };
  throw new OtxError(
    'engine',
    `the device ${device} cannot be used: ${target}; leave the choice to --device auto, or take the processor (--device cpu)`,
  );
}

async function chooseForProcessor(
  wish: EngineWish,
  providers: Pick<Providers, 'stock' | 'fused'>,
  run: ProbeRunner,
): Promise<Chosen> {
  const fused = wish === 'stock' ? undefined : await providers.fused.probe(run);
  if (typeof fused === 'object')
    return { kind: 'fused', reason: 'its kernels work on this processor', target: fused };
  if (wish === 'fused')
    throw new OtxError(
      'engine',
      `the fused engine cannot be used: ${fused}; build it with a C compiler (npm run build), or leave the engine to auto`,
    );
  const target = await providers.stock.probe(run);
  return { kind: 'stock', reason: fused ?? 'asked for', target };
}

/**
 * The processor unless a device takes less time.
 * @param processor what computes where none does; its reason then goes on with what was found of the devices
 */
export async function chooseFastest(
  processor: Chosen,
  devices: readonly Provider<DeviceTarget, string>[],
  run: ProbeRunner,
  compare: Compare,
): Promise<Chosen> {
  const found: string[] = [];
  let fastest: { readonly chosen: Chosen; readonly time: number } | undefined;
  for (const { name: kind, probe } of devices) {
    const target = await probe(run);
    if (typeof target === 'string') {
      found.push(`${kind} cannot be used: ${target}`);
      continue;
    }
    const times = await compare(processor.target, target);
    const words = inWords(kind, target.name, times);
    found.push(words);
    const { device: time } = times;
    if (time === null || time >= Math.min(times.processor, fastest?.time ?? Number.POSITIVE_INFINITY))
      continue;
    fastest = { time, chosen: { kind, reason: words, device: target.name, target } };
  }
  return fastest?.chosen ?? { ...processor, reason: `${processor.reason}; ${found.join('; ')}` };
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toPrecision(2)} s`;

function inWords(kind: EngineKind, name: string, { processor, device, problem }: StepTimes): string {
  if (device === null) return `${kind} on ${name} cannot be used: ${problem}`;
  return `a step takes ${seconds(device)} with ${kind} on ${name}, and ${seconds(processor)} on the processor`;
}
