/**
 * @file The providers of graphics processors: ONNX Runtime's WebGPU, which onnxruntime-node brings along, and CUDA, whose libraries
 * have to be installed beside it. Both get the same documented operators. Whether one works is tried in a process of its own first,
 * because a driver that fails takes its process with it.
 */
import { messageOf } from '../../base/errors.js';
import { keptDeviceVerdict } from '../devices/kept-verdict.js';
import { type OpenDevice, openDevice } from '../devices/open-device.js';
import { plainMessage } from '../plain-message.js';
import type { DeviceKind } from '../settings.js';
import { type DeviceTarget, deviceTarget } from './device-target.js';
import { problemOf, problemOfHalves } from './judge-device.js';
import { type ProbeModel, type Provider, providerOf } from './provider.js';

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
      const there = async (probe: ProbeModel) => (await device.run(probe)).outputs;
      const { problem, halves } = await keptDeviceVerdict({ kind, name: device.name }, async () => {
        const wrong = await problemOf(run, there);
        return { problem: wrong, halves: wrong ?? (await problemOfHalves(kind, run, there)) };
      });
      return problem ?? deviceTarget(kind, device.name, halves ?? undefined);
    } finally {
      device.close();
    }
  });
}
