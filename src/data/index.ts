/** @file Data sets: opening, checking, decoding and loading. */

export {
  AUGMENTATION_NAMES,
  type Augmentation,
  type AugmentationName,
  createAugmentation,
  describeAugmentation,
  type OwnAugmentation,
} from './augmentation.js';
export type { FormulaImages } from './datasets/formula-dataset.js';
export { openImageFolder } from './datasets/image-folder.js';
export { type MatchedClasses, matchClasses } from './datasets/match-classes.js';
export {
  type LabeledImages,
  type MaskPixels,
  openMemoryDataset,
} from './datasets/memory-dataset.js';
export { type OpenDatasetOptions, openDataset } from './datasets/open-dataset.js';
export { type DataInMemory, type DataSource, openSource, pathOf } from './datasets/open-source.js';
export { type DatasetReport, formatReport } from './datasets/report.js';
export { settleClasses, settleDataset } from './datasets/settle-dataset.js';
export { openUnlabeled, type UnlabeledOptions, verifyUnlabeled } from './datasets/unlabeled-images.js';
export { type VerifiedDataset, type VerifyOptions, verifyDataset } from './datasets/verify.js';
export { FORMAT_NAMES } from './formats/formats.js';
export { isDataset, listSubsets } from './formats/locate.js';
export { readLabels } from './formats/read-labels.js';
export { findSubset, roleOf, type SubsetRole } from './formats/subsets.js';
export type { DatasetToWrite } from './formats/write/writer.js';
export { WRITERS } from './formats/write/writers.js';
export { type ImageCache, STORAGE_SCHEMES, type StorageScheme } from './images/image-cache.js';
export { findImages, type ImageFile } from './images/image-files.js';
export { decodeImage, readImage } from './images/read-image.js';
export {
  createEvalLoader,
  type EvalItem,
  type EvalLoader,
  type EvalLoaderOptions,
  evalBytes,
} from './loaders/eval-loader.js';
export { createPairedLoader, type PairedBatch } from './loaders/paired-loader.js';
export { keepingThreads } from './loaders/pool.js';
export { DEFAULT_CACHE_BYTES, labeledBytes } from './loaders/sample-source.js';
export { batchesPerStep, type Share, WHOLE_SHARE } from './loaders/share.js';
export type { EpochOptions, TrainBatch, TrainLoader } from './loaders/train-batch.js';
export { createTrainLoader, type LabeledBatch, type TrainLoaderOptions } from './loaders/train-loader.js';
export {
  createTwoStrongLoader,
  createUnlabeledLoader,
  type TwoStrongBatch,
  type UnlabeledBatch,
  type UnlabeledLoader,
  type UnlabeledLoaderOptions,
} from './loaders/unlabeled-loader.js';
export {
  createDetconLoader,
  createSupconLoader,
  type DetconBatch,
  type SupconBatch,
  type ViewInputs,
  type ViewLoaderOptions,
  type ViewSource,
} from './loaders/view-loader.js';
export type { Rgb } from './masks/color-vision.js';
export { defaultPalette, vocPalette } from './masks/palette.js';
export { readMask } from './masks/read-mask.js';
export { type DataReading, dataReadingSchema } from './readings/data-reading.js';
export { formatList, listedSamples } from './splits/sample-lists.js';
export { type SplitDataset, type SplitOptions, splitDataset } from './splits/split-dataset.js';
export { formatSplit, type SplitReport, splitReport } from './splits/split-report.js';
export { ensurePseudoMasks, type PseudoMasks } from './superpixels/pseudo-masks.js';
export { type Size, squareOf } from './transforms/geometry.js';
export { normalizeImage, PIXEL_MEAN, PIXEL_STD } from './transforms/normalize.js';
export { resizeImage } from './transforms/resize.js';
export * from './types.js';
export { REGION_SAMPLES } from './views/regions.js';
export { SINGLE_VIEWS, type SingleView } from './views/whole-view.js';
