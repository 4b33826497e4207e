/** @file Whether a graphics processor computes what the processor does, on a small network with its gradients. */
import { messageOf } from '../../base/errors.js';
import { plainMessage } from '../plain-message.js';
import type { DeviceKind } from '../settings.js';
import { HALVES } from './device-target.js';
import { probeDevice } from './probe-device.js';
import { agree } from './probe-model.js';
import type { ProbeModel, ProbeRunner } from './provider.js';
import { STOCK_SESSION } from './stock.js';

/** Of the largest value of a result: sums in another order differ by far less, what is wrong by far more. */
const TOLERANCE = 1e-4;
/** The same of halves, which have 11 bits. */
const HALVES_TOLERANCE = 0.05;

/** Gives the outputs of a probe in the order of its binding. @throws Error saying why it does not run there */
export type DeviceRunner = (probe: ProbeModel) => Promise<readonly unknown[]>;

/**
 * @param here computes on the processor
 * @param there computes on the device
 * @returns why it must not be used; null where all is well
 */
export const problemOf = (here: ProbeRunner, there: DeviceRunner): Promise<string | null> =>
  compare(probeDevice(), here, there, TOLERANCE);

/** The same for steps of mixed precision. */
export const problemOfHalves = (
  kind: DeviceKind,
  here: ProbeRunner,
  there: DeviceRunner,
): Promise<string | null> => compare(probeDevice(HALVES[kind]), here, there, HALVES_TOLERANCE);

async function compare(
  probe: ProbeModel,
  here: ProbeRunner,
  there: DeviceRunner,
  tolerance: number,
): Promise<string | null> {
  const expected = (await here(probeDevice(), STOCK_SESSION)) as readonly Float32Array[];
  try {
    const outputs = await there(probe);
    const isRight = expected.every((values, i) => agree(values, outputs[i] as Float32Array, tolerance));
    return isRight ? null : 'it computes other values than the processor';
  } catch (error) {
    const said = messageOf(error);
    return /requires f16/.test(said) ? 'it has no float16 (shader-f16)' : plainMessage(said);
  }
}
