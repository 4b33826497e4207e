/**
 * @file `otx/data`, data sets and pictures without any training: opening a folder in any format that otx reads, its pictures and masks as
 * pixels, masks written as others read them, and classes painted over photographs. docs/own-programs.md has examples.
 */

export type { BelongsTo, SettleDatasetOptions } from './data/datasets/settle-dataset.js';
export { readImageSize } from './data/images/decoder.js';
export { findImages, type ImageFile } from './data/images/image-files.js';
export { maskFiles } from './data/images/mask-files.js';
export { decodeImage, previewImage, readImage, sizeOfImage } from './data/images/read-image.js';
export {
  type ClassInfo,
  type Dataset,
  type DecodedImage,
  defaultPalette,
  IGNORE_INDEX,
  type ImageReading,
  type LabelMask,
  listSubsets,
  type MaskCoding,
  type OpenDatasetOptions,
  openDataset,
  openUnlabeled,
  type Rgb,
  readLabels,
  resizeImage,
  roleOf,
  type Sample,
  type Size,
  type SubsetRole,
  settleDataset,
  type UnlabeledImage,
  type UnlabeledImages,
  type UnlabeledOptions,
} from './data/index.js';
export type { AdaptOptions } from './data/otx-adapter/adapt-dataset.js';
export { resizeMask } from './data/transforms/resize.js';
export { type EncodeOptions, encodePicture, type PictureFormat } from './drawing/encode-picture.js';
export { grayLevels, heatOverlay } from './drawing/heat.js';
export { readMaskIndices, writeMask } from './drawing/index-mask.js';
export { type PaintedClass, type RgbImage, renderOverlay } from './drawing/overlay.js';
export { resized as resizePicture } from './drawing/sheets/pictures.js';
