/**
 * @file What a deployed folder's `node/segmenter.mjs` is joined from: the way of `otx predict` from a picture file to its classes, on
 * the `onnxruntime-node` and `sharp` that are installed beside it. The build makes one file of it.
 */

import { readBytesOf } from '../../base/read-file.js';
import type { ClassInfo, Size } from '../../data/index.js';
import { encodeIndexMask } from '../../drawing/index-mask.js';
import { encodePng, renderOverlay } from '../../drawing/overlay.js';
import { createSession, toOrtTensor } from '../../engine/runtime.js';
import { type ImageSource, openPicture } from '../../inference/image-source.js';
import { openPortable } from '../../inference/portable-model.js';
import { type Segmentation, segmentPicture } from '../../inference/segment-picture.js';

/** A picture with its classes. */
export interface SegmentedPicture extends Segmentation {
  /** The bytes of a PNG whose samples are class indices. */
  mask(): Promise<Uint8Array>;
  /** The bytes of a PNG of the picture under the colours of its classes; undefined of one that is too large to be in memory. */
  overlay(): Promise<Uint8Array | undefined>;
}

/** A model that segments pictures. */
export interface NodeSegmenter {
  readonly classes: readonly ClassInfo[];
  readonly inputSize: Size;
  /** Of a picture file by its path, of its bytes, or of pixels (`{ data, width, height, channels }`). */
  segment(source: ImageSource): Promise<SegmentedPicture>;
  dispose(): Promise<void>;
}

const MODEL = {
  code: 'checkpoint',
  expected: 'a model that "otx export" has written (.onnx)',
  maxBytes: 2 ** 30,
} as const;

/** Opens an exported model. @param threads of the runtime; 0 for one per core. */
export async function openSegmenter(path: string, threads = 0): Promise<NodeSegmenter> {
  const bytes = await readBytesOf(path, MODEL);
  const model = await openPortable(bytes, path, async (onnx) => {
    const session = await createSession(onnx, { threads, rewrite: true });
    return {
      run: async (planes, shape) => {
        const { output } = await session.run({ input: toOrtTensor('float32', planes, shape) });
        return output?.data;
      },
      release: () => session.release(),
    };
  });
  const { classes, inputSize, data, dispose } = model;
  return {
    ...{ classes, inputSize, dispose },
    segment: async (source) => {
      const start = performance.now();
      const picture = await openPicture(source, data?.imageReading);
      const { image, segmentation } = await segmentPicture(model, picture, {}, start);
      const { labels } = segmentation;
      return {
        ...segmentation,
        mask: () => encodeIndexMask(labels, segmentation, classes),
        overlay: async () => image && encodePng({ ...image, data: renderOverlay(image, labels, classes) }),
      };
    },
  };
}
