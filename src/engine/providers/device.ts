/**
 * @file The providers of graphics processors: ONNX Runtime's WebGPU, which onnxruntime-node brings along, and CUDA, whose libraries
 * have to be installed beside it. Both get the same documented operators. Whether one works is tried in a process of its own first,
 * because a driver that fails takes its process with it.
 */
import { messageOf } from '../../base/errors.js';
import { gpuLowering, gpuProducts, type Halves } from '../../graph/index.js';
import { type DeviceVerdict, keptDeviceVerdict } from '../devices/kept-verdict.js';
import { type OpenDevice, openDevice } from '../devices/open-device.js';
import { plainMessage } from '../plain-message.js';
import type { DeviceKind } from '../settings.js';
import { passesWith } from './passes.js';
import { probeDevice } from './probe-device.js';
import { agree } from './probe-model.js';
import { type ProbeModel, type ProbeRunner, type Provider, providerOf, type Target } from './provider.js';
import { STOCK_SESSION } from './stock.js';

/** {@link Target} of a device. */
export interface DeviceTarget extends Target {
  readonly session: { readonly provider: DeviceKind };
  /** As its driver calls it. */
  readonly name: string;
}

/** Of the largest value of a result: sums in another order differ by far less, what is wrong by far more. */
const TOLERANCE = 1e-4;
/** The same of halves, which have 11 bits. */
const HALVES_TOLERANCE = 0.05;

/** Kernels of WebGPU add up halves in halves, those of CUDA in float32. */
const HALVES: { readonly [K in DeviceKind]: Halves } = {
  webgpu: { operators: 'float16', sums: 'float16' },
  cuda: { operators: 'float16', sums: 'float32' },
};

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
      const { problem, halves } = await keptDeviceVerdict({ kind, name: device.name }, () =>
        verdictOn(device, kind, run),
      );
      return problem ?? deviceTarget(kind, device.name, halves ?? undefined);
    } finally {
      device.close();
    }
  });
}

/**
 * What steps are compiled for on a device that works.
 * @param noHalves why it computes steps of mixed precision in float32. Default: it does not.
 */
export function deviceTarget(kind: DeviceKind, name: string, noHalves?: string): DeviceTarget {
  const halves = noHalves ?? HALVES[kind];
  return {
    session: { provider: kind },
    name,
    identity: { provider: kind, ...(noHalves === undefined && { halves }) },
    // The state of the other lives in arrays of the thread.
    looksAtPacks: kind === 'webgpu',
    halves,
    passes: (memory, precision) => passesWith(gpuLowering, memory, { last: gpuProducts, halves, precision }),
  };
}

/** Whether it computes what the processor does, and in halves about that. */
async function verdictOn(device: OpenDevice, kind: DeviceKind, run: ProbeRunner): Promise<DeviceVerdict> {
  const expected = (await run(probeDevice(), STOCK_SESSION)) as readonly Float32Array[];
  const problemOf = async (probe: ProbeModel, tolerance: number): Promise<string | null> => {
    try {
      const { outputs } = await device.run(probe);
      const isRight = expected.every((values, i) => agree(values, outputs[i] as Float32Array, tolerance));
      return isRight ? null : 'it computes other values than the processor';
    } catch (error) {
      const said = messageOf(error);
      return /requires f16/.test(said) ? 'it has no float16 (shader-f16)' : plainMessage(said);
    }
  };
  const problem = await problemOf(probeDevice(), TOLERANCE);
  const halves = problem ?? (await problemOf(probeDevice(HALVES[kind]), HALVES_TOLERANCE));
  return { problem, halves };
}
