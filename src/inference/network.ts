/** @file A network in evaluation mode on the engine, and its answer for one image. */

import { abortable } from '../base/abortable.js';
import type { OtxError } from '../base/errors.js';
import { loadLaned } from '../engine/lanes.js';
import type { JobEvent } from '../runs/events.js';
import { encodeNetwork } from './network-file.js';
import { TRACED_BATCH } from './network-graph.js';
import type { TrainedModel } from './trained-model.js';

/** images float32 [1, 3, H, W] → logits (or log probabilities) [K, H, W]; probabilities of a network at several scales. */
export type Forward = (image: Float32Array) => Promise<Float32Array>;

/** The answer of a network as it is. @throws what `problem` gives where it holds infinity, or what is no number. */
export function requireFinite(answer: Float32Array, problem: () => OtxError): Float32Array {
  // A loop: a callback for each of a million numbers takes a tenth of the time of a small network.
  for (let i = 0; i < answer.length; i++) if (!Number.isFinite(answer[i])) throw problem();
  return answer;
}

/** Something that segments, and holds threads or a process until it is let go. */
export interface Network {
  readonly forward: Forward;
  /** As many images at once are worth asking for. */
  readonly atOnce: number;
  dispose(): Promise<void>;
}

/** A network with its weights, ready for images of one size. */
export interface NetworkOptions extends Pick<TrainedModel, 'model' | 'state' | 'inputSize'> {
  /** See {@link NetworkForm}. Default: 1 alone. */
  readonly scales?: readonly number[] | undefined;
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: JobEvent) => void) | undefined;
}

/** Loads a network in evaluation mode with its weights as constants, so that batch norm is folded away: the form of an export. */
export async function openNetwork({
  model,
  state,
  inputSize,
  scales = [1],
  threads,
  signal,
  onEvent,
}: NetworkOptions): Promise<Network> {
  onEvent?.({ type: 'progress', task: 'compile', done: 0, total: 1 });
  const output = scales.length > 1 ? 'probabilities' : 'logits';
  // As exported: with an open batch size the runtime leaves the last resizing of Lite-HRNet out of its blocked layout, where it
  // would take a tenth longer.
  const file = encodeNetwork(
    { model, state, inputSize },
    { output, scales, batch: TRACED_BATCH },
    { dynamicBatch: true },
  );
  const loading = loadLaned(file, { threads });
  const network = await abortable(loading, signal, 'the network was compiled').catch((error: unknown) => {
    // It may be loaded all the same, with nobody to let go of it.
    loading.then((late) => late.dispose()).catch(() => undefined);
    throw error;
  });
  onEvent?.({ type: 'progress', task: 'compile', done: 1, total: 1 });
  const shape = [1, 3, inputSize.height, inputSize.width];
  const forward: Forward = async (data) => {
    const { output } = await network.run({ input: { dtype: 'float32', shape, data } });
    return output!.data as Float32Array;
  };
  return { forward, atOnce: network.atOnce, dispose: network.dispose };
}

/** Frees what runs the model when `body` fails. */
export async function guarded<T>(dispose: () => Promise<void>, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    await dispose();
    throw error;
  }
}
