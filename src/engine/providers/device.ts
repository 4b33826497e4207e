/**
 * @file The providers of graphics processors: ONNX Runtime's WebGPU, which onnxruntime-node brings along, and CUDA, whose libraries
 * have to be installed beside it. Both get the same documented operators. Whether one works is tried in a process of its own first,
 * because a driver that fails takes its process with it.
 */
import { messageOf } from '../../base/errors.js';
import { gpuLowering, gpuProducts } from '../../graph/index.js';
import { keptDeviceVerdict } from '../devices/kept-verdict.js';
import { type OpenDevice, openDevice } from '../devices/open-device.js';
import { plainMessage } from '../plain-message.js';
import type { DeviceKind } from '../settings.js';
import { passesWith } from './passes.js';
import { probeDevice } from './probe-device.js';
import { agree } from './probe-model.js';
import { type ProbeRunner, type Provider, providerOf, type Target } from './provider.js';
import { STOCK_SESSION } from './stock.js';

/** {@link Target} of a device. */
export interface DeviceTarget extends Target {
  readonly session: { readonly provider: DeviceKind };
  /** As its driver calls it. */
  readonly name: string;
}

/** Of the largest value of a result: sums in another order differ by far less, what is wrong by far more. */
const TOLERANCE = 1e-4;

/** @param open how a process with the device is started */
export function deviceProvider(
  kind: DeviceKind,
  open: (kind: DeviceKind) => Promise<OpenDevice> = openDevice,
): Provider<DeviceTarget, string> {
  return providerOf<DeviceTarget, string>(kind, async (run) => {
    let device: OpenDevice;
    try {
      device = await open(kind);
    } catch (error) {
      return plainMessage(messageOf(error));
    }
    try {
      const problem = await keptDeviceVerdict({ kind, name: device.name }, () => problemOf(device, run));
      return problem ?? deviceTarget(kind, device.name);
    } finally {
      device.close();
    }
  });
}

/** What steps are compiled for on a device that works. */
export const deviceTarget = (kind: DeviceKind, name: string): DeviceTarget => ({
  session: { provider: kind },
  name,
  identity: { provider: kind },
  // The state of the other lives in arrays of the thread.
  looksAtPacks: kind === 'webgpu',
  passes: (memory) => passesWith(gpuLowering, memory, { last: gpuProducts }),
});

/** Why the device must not be used; undefined where it computes what the CPU does. */
async function problemOf(device: OpenDevice, run: ProbeRunner): Promise<string | undefined> {
  const probe = probeDevice();
  const expected = (await run(probe, STOCK_SESSION)) as readonly Float32Array[];
  try {
    const { outputs } = await device.run(probe);
    const isRight = expected.every((values, i) => agree(values, outputs[i] as Float32Array, TOLERANCE));
    return isRight ? undefined : 'it computes other values than the processor';
  } catch (error) {
    return plainMessage(messageOf(error));
  }
}
