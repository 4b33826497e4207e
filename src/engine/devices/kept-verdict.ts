/** @file What came of trying devices, kept between runs: whether one works, and how fast steps are on it. */
import { cpus } from 'node:os';
import { z } from 'zod';
import { kept } from '../kept.js';
import type { DeviceKind } from '../settings.js';

/** A device, as its verdict is kept. */
export interface KnownDevice {
  readonly kind: DeviceKind;
  /** As its driver calls it. */
  readonly name: string;
}

/** Times of one step, in milliseconds. */
export interface StepTimes {
  readonly processor: number;
  /** Null where the step does not run there, or takes too long to be timed. */
  readonly device: number | null;
  /** Why it does not. */
  readonly problem: string | null;
}

/** What came of trying a device; null where all is well. */
const verdictSchema = z.object({
  /** Why it must not be used. */
  problem: z.string().nullable(),
  /** Why it must not be used for halves. */
  halves: z.string().nullable(),
});
export type DeviceVerdict = z.infer<typeof verdictSchema>;

const timesSchema = z.object({
  processor: z.number(),
  device: z.number().nullable(),
  problem: z.string().nullable(),
});

const about = ({ kind, name }: KnownDevice): readonly unknown[] => [
  kind,
  name,
  process.platform,
  process.arch,
  cpus()[0]?.model,
];

/** Found out by `probe` unless it is known. */
export function keptDeviceVerdict(
  device: KnownDevice,
  probe: () => Promise<DeviceVerdict>,
): Promise<DeviceVerdict> {
  return kept('devices', about(device), verdictSchema, probe);
}

/** @param step digest of the step, with all else that its times depend on */
export function keptTimes(
  device: KnownDevice,
  step: readonly unknown[],
  time: () => Promise<StepTimes>,
): Promise<StepTimes> {
  return kept('devices', [...about(device), ...step], timesSchema, time);
}
