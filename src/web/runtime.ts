/** @file ONNX Runtime in a browser: which build of it, on what it computes, and with how many threads. */

import { messageOf, OtxError } from '../base/errors.js';
import type { CreateSession } from '../inference/portable-model.js';
import type { Browser } from './browser.js';

/** As much of the module `onnxruntime-web` as is used. */
export interface WebRuntime {
  /** Settings that count until the first session is made. */
  readonly env: {
    readonly wasm: { numThreads?: number; wasmPaths?: unknown; wasmBinary?: unknown; initTimeout?: number };
  };
  /** Sessions. */
  readonly InferenceSession: {
    create(model: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<RuntimeSession>;
  };
  /** Values. */
  readonly Tensor: new (
    type: string,
    data: unknown,
    dims: readonly number[],
  ) => RuntimeTensor;
}

/** A value; its `data` can be read where it is in memory. */
export interface RuntimeTensor {
  readonly data?: unknown;
  dispose(): void;
}

interface RuntimeSession {
  run(feeds: Readonly<Record<string, RuntimeTensor>>): Promise<Readonly<Record<string, RuntimeTensor>>>;
  release(): Promise<void>;
}

/** On what a network computes. */
export type WebDevice = 'wasm' | 'webgpu';

const WISHES: readonly unknown[] = ['auto', 'wasm', 'webgpu'];

/** @throws OtxError `usage` for what is no device. */
export function checkDevice(device: unknown): void {
  if (device === undefined || WISHES.includes(device)) return;
  throw new OtxError('usage', `device is ${String(device)}; expected auto, wasm or webgpu`);
}

/** More gain a network of this size nothing. */
const MOST_THREADS = 4;

/** Threads need memory that they share, which pages have only when they are isolated from others. */
export function threadsFor({ crossOriginIsolated, navigator }: Browser): number {
  return crossOriginIsolated ? Math.min(navigator?.hardwareConcurrency ?? 1, MOST_THREADS) : 1;
}

/** The build of `onnxruntime-web` for a device. @throws OtxError `engine` where it is not installed. */
export async function loadRuntime(device: WebDevice): Promise<WebRuntime> {
  try {
    const module = device === 'webgpu' ? import('onnxruntime-web/webgpu') : import('onnxruntime-web/wasm');
    return (await module) as unknown as WebRuntime;
  } catch (error) {
    throw new OtxError(
      'engine',
      `onnxruntime-web, on which models run in a browser, cannot be loaded (${messageOf(error)}); npm install onnxruntime-web`,
      { cause: error },
    );
  }
}

/** Of the graphics card. NCHW is the layout of this project's graphs; every other one costs transpositions around most operators. */
export const WEBGPU = { name: 'webgpu', preferredLayout: 'NCHW' } as const;

/** Sessions of a runtime on one device. */
export const sessionsOn =
  ({ InferenceSession, Tensor }: WebRuntime, device: WebDevice): CreateSession =>
  async (model) => {
    const session = await InferenceSession.create(model, {
      executionProviders: device === 'webgpu' ? [WEBGPU] : ['wasm'],
      // Warnings are for those who build networks.
      logSeverityLevel: 3,
    });
    return {
      run: async (planes, shape) => {
        const { output } = await session.run({ input: new Tensor('float32', planes, shape) });
        return output?.data;
      },
      release: () => session.release(),
    };
  };
