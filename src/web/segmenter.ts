/** @file Pictures in, class maps out, in a browser. */

import { OtxError } from '../base/errors.js';
import { createTurns } from '../base/turns.js';
import type { Size } from '../data/transforms/geometry.js';
import type { ClassInfo } from '../data/types.js';
import type { OpenedModel } from '../inference/opened-model.js';
import { openPortable } from '../inference/portable-model.js';
import { type Segmentation, type SegmentOptions, segmentPicture } from '../inference/segment-picture.js';
import { type Browser, hasGraphicsCard, here } from './browser.js';
import { openSource, type PictureSource } from './decode.js';
import { fetchModel } from './fetch-model.js';
import {
  checkDevice,
  loadRuntime,
  sessionsOn,
  threadsFor,
  type WebDevice,
  type WebRuntime,
} from './runtime.js';

/** On what a segmenter computes. */
export interface WebSegmenterOptions {
  /**
   * `wasm`: the processor, by WebAssembly, whose numbers are those of every machine; `webgpu`: the graphics card, where single
   * pixels may get another of two classes that are equally probable; `auto`: the card where there is one that computes this
   * network, else the processor. Default auto.
   */
  readonly device?: 'auto' | WebDevice | undefined;
  /** Threads of WebAssembly. Default: one for each core, at most 4, where the page is cross-origin isolated; else 1. */
  readonly threads?: number | undefined;
  /** Address of the folder in which the `.wasm` and `.mjs` files of `onnxruntime-web` lie. Default: where its module lies. */
  readonly runtimeFiles?: string | undefined;
  /** The module `onnxruntime-web`, of a page that has loaded it in its own way. Default: it is imported. */
  readonly runtime?: WebRuntime | undefined;
}

/** A trained model that segments pictures in a browser. */
export interface WebSegmenter {
  /** Background first. */
  readonly classes: readonly ClassInfo[];
  /** Size of the network input in pixels, to which every picture, or every window of a large one, is resized. */
  readonly inputSize: Size;
  /** Pixels whose best class is less probable are background; undefined for none. */
  readonly threshold: number | undefined;
  /** On what it computes. */
  readonly device: WebDevice;
  /**
   * Segments a picture of any size: the file of one, pixels, or what a canvas can draw, such as a video. Several calls may be under
   * way; the network sees one picture at a time.
   *
   * @throws OtxError `image` for a picture that the browser cannot decode, `usage` for pixels that do not fit their size,
   * `numeric` when the network gives no sensible numbers.
   */
  segment(picture: PictureSource, options?: SegmentOptions): Promise<Segmentation>;
  /** Lets go of the memory. Later calls fail (`usage`). May be called again. */
  dispose(): Promise<void>;
}

/** Pictures that are decoded at a time: one in the network, the next one ready. */
const UNDER_WAY = 2;

/**
 * Opens a model that `otx export` has written, in a browser, on `onnxruntime-web`. Sends nothing anywhere.
 *
 * @param model its address, or its bytes.
 * @throws OtxError `checkpoint` for what `otx export` has not written, `engine` when the runtime cannot be loaded or run, `usage`.
 */
export function createSegmenter(
  model: string | URL | Uint8Array | ArrayBuffer,
  options: WebSegmenterOptions = {},
): Promise<WebSegmenter> {
  return createSegmenterIn(here, model, options);
}

/** The same. @param browser with what it may be mistaken for one in tests. */
export async function createSegmenterIn(
  browser: Browser,
  model: string | URL | Uint8Array | ArrayBuffer,
  options: WebSegmenterOptions,
): Promise<WebSegmenter> {
  checkOptions(options);
  const { bytes, name } = await fetchModel(model);
  const { opened, device } = await openOn(browser, bytes, name, options);
  const { classes, inputSize, threshold } = opened;
  const takeTurn = createTurns(UNDER_WAY);
  let ended: Promise<void> | undefined;
  return {
    ...{ classes, inputSize, threshold, device },
    segment: (source, wanted = {}) => {
      if (ended) throw new OtxError('usage', 'the segmenter was disposed; create another one');
      return takeTurn(async () => {
        const start = performance.now();
        const { picture, close } = await openSource(source, opened.data?.imageReading, browser);
        try {
          return (await segmentPicture(opened, picture, wanted, start)).segmentation;
        } finally {
          close();
        }
      });
    },
    dispose: () => {
      ended ??= opened.dispose();
      return ended;
    },
  };
}

function checkOptions({ device, threads }: WebSegmenterOptions): void {
  checkDevice(device);
  if (threads !== undefined && !(Number.isInteger(threads) && threads > 0)) {
    throw new OtxError('usage', `threads is ${String(threads)}; expected a whole number from 1`);
  }
}

interface OpenedOn {
  readonly opened: OpenedModel;
  readonly device: WebDevice;
}

async function openOn(
  browser: Browser,
  bytes: Uint8Array,
  name: string,
  options: WebSegmenterOptions,
): Promise<OpenedOn> {
  const { device = 'auto' } = options;
  const tries = device === 'webgpu' || (device === 'auto' && (await hasGraphicsCard(browser)));
  const runtime = options.runtime ?? (await loadRuntime(tries ? 'webgpu' : 'wasm'));
  runtime.env.wasm.numThreads = options.threads ?? threadsFor(browser);
  if (options.runtimeFiles !== undefined) runtime.env.wasm.wasmPaths = options.runtimeFiles;
  const open = (on: WebDevice) => openPortable(bytes, name, sessionsOn(runtime, on));
  if (!tries) return { opened: await open('wasm'), device: 'wasm' };
  try {
    const opened = await open('webgpu');
    await tryOut(opened);
    return { opened, device: 'webgpu' };
  } catch (error) {
    if (device === 'webgpu' || (error instanceof OtxError && error.code === 'checkpoint')) throw error;
    return { opened: await open('wasm'), device: 'wasm' };
  }
}

/** What a card cannot compute shows at the first run, not before. */
async function tryOut(opened: OpenedModel): Promise<void> {
  const { inputSize } = opened;
  try {
    await opened.classify(new Uint8Array(3 * inputSize.width * inputSize.height), { width: 1, height: 1 });
  } catch (error) {
    await opened.dispose();
    throw error;
  }
}
