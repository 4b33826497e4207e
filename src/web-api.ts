/**
 * @file `otx/web`, segmenting and training in a browser: the pictures and models of this package on `onnxruntime-web`, by the same code as in
 * Node. docs/web.md is its guide. Nothing of Node is in it.
 */

export { type ErrorCode, OtxError } from './base/errors.js';
export type { Size } from './data/transforms/geometry.js';
export type { ClassInfo } from './data/types.js';
export type { Segmentation, SegmentedClass, SegmentOptions } from './inference/segment-picture.js';
export type { DrawableSource, PictureSource, PixelSource } from './web/decode.js';
export type { WebDevice, WebRuntime } from './web/runtime.js';
export { createSegmenter, type WebSegmenter, type WebSegmenterOptions } from './web/segmenter.js';
export { type TrainingWorker, trainInWorker, type WorkerTrainOptions } from './web-training/client.js';
export {
  type FolderFile,
  type OtherPicture,
  openFolder,
  type TrainingData,
  type TrainingPicture,
} from './web-training/dataset.js';
export type { WebPrediction, WebTrainingEvent } from './web-training/events.js';
export { TrainingPause } from './web-training/pause.js';
export type { WebCheckpoint } from './web-training/resume.js';
export type { WebTrainingSettings } from './web-training/settings.js';
export type { WebTemplateName } from './web-training/templates.js';
export { trainInBrowser, type WebTrainOptions, type WebTrainResult } from './web-training/train.js';
