/** @file What steps are compiled for on a graphics processor: in Node, and in a browser. */
import { gpuLowering, gpuProducts, type Halves } from '../../graph/index.js';
import type { DeviceKind } from '../settings.js';
import { passesWith } from './passes.js';
import type { Target } from './provider.js';

/** {@link Target} of a device. */
export interface DeviceTarget extends Target {
  readonly session: { readonly provider: DeviceKind };
  /** As its driver calls it. */
  readonly name: string;
}

/** Kernels of WebGPU add up halves in halves, those of CUDA in float32. */
export const HALVES: { readonly [K in DeviceKind]: Halves } = {
  webgpu: { operators: 'float16', sums: 'float16' },
  cuda: { operators: 'float16', sums: 'float32' },
};

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
