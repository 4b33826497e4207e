/** @file Data sets: opening, checking, decoding and loading. */

export { type AugmentationSheetOptions, renderAugmentationSheet } from './augmentation-sheet.js';
export type { Rgb } from './color-vision.js';
export {
  createEvalLoader,
  type EvalItem,
  type EvalLoader,
  type EvalLoaderOptions,
  evalBytes,
} from './eval-loader.js';
export { findImages, type ImageFile } from './image-files.js';
export { openImageFolder } from './image-folder.js';
export { type ImageStore, STORAGE_SCHEMES, type StorageScheme } from './image-store.js';
export { type MatchedClasses, matchClasses } from './match-classes.js';
export { type OpenDatasetOptions, openDataset } from './open-dataset.js';
export { encodePng, renderOverlay } from './overlay.js';
export { createPairedLoader, type PairedBatch } from './paired-loader.js';
export { defaultPalette, vocPalette } from './palette.js';
export { decodeImage, readImage } from './read-image.js';
export { readMask } from './read-mask.js';
export { createRecipe, describeRecipe, RECIPE_NAMES, type Recipe, type RecipeName } from './recipes.js';
export { REGION_SAMPLES } from './regions.js';
export { type DatasetReport, formatReport } from './report.js';
export { DEFAULT_CACHE_BYTES, labeledBytes } from './sample-source.js';
export { ensurePseudoMasks, type PseudoMasks } from './segments/pseudo-masks.js';
export type { EpochOptions, TrainBatch, TrainLoader } from './train-batch.js';
export { createTrainLoader, type LabeledBatch, type TrainLoaderOptions } from './train-loader.js';
export { type Size, squareOf } from './transforms/geometry.js';
export { normalizeImage, PIXEL_MEAN, PIXEL_STD } from './transforms/normalize.js';
export { resizeImage } from './transforms/resize.js';
export * from './types.js';
export { openUnlabeled, type UnlabeledOptions, verifyUnlabeled } from './unlabeled-images.js';
export {
  createUnlabeledLoader,
  type UnlabeledBatch,
  type UnlabeledLoader,
  type UnlabeledLoaderOptions,
} from './unlabeled-loader.js';
export { type VerifyOptions, verifyDataset } from './verify.js';
export {
  createDetconLoader,
  createSupconLoader,
  type DetconBatch,
  type SupconBatch,
  type ViewInputs,
  type ViewLoaderOptions,
  type ViewSource,
} from './view-loader.js';
