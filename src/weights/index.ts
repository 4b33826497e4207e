/**
 * @file Weights in the formats of the world: reading them safely, matching them to a model, writing them for PyTorch, and
 * downloading those that are published.
 */

export { cacheFolder } from '../base/cache-folder.js';
export {
  type MatchOptions,
  type Mismatch,
  matchWeights,
  REQUIRED_SHARE,
  type WantedVariable,
  type WeightMatch,
} from './match.js';
export {
  type BackboneSource,
  type DownloadProgress,
  fetchPretrained,
  type PretrainedOptions,
  pretrainedAddresses,
  pretrainedPath,
  SHORT_PATIENCE,
} from './pretrained.js';
export { type Naming, readSafetensorsMetadata, readWeights, type Weights } from './read-weights.js';
export type { WeightTensor } from './stored-tensor.js';
export { encodeTorchFile, type TorchFileOptions } from './torch-writer.js';
