/** @file Loss functions on symbolic tensors. */
export { type ClassShare, classWeights, describeWeights, isClassWeights } from './class-weights.js';
export {
  balancedThresholds,
  type ClassConfidence,
  type ConfidentLabels,
  confidentLabels,
  nextConfidences,
  rampUp,
} from './confident-labels.js';
export {
  type ContrastiveView,
  type DetconLoss,
  type DetconOptions,
  detconLoss,
  POSITIVES,
  type Positives,
} from './detcon.js';
export { LOSS_NAMES, type LossName, lossOf } from './loss.js';
export type { SegmentationLoss } from './named-loss.js';
export {
  bestSimilarities,
  l2Normalized,
  type PrototypeInputs,
  type PrototypeLearning,
  prototypeLearning,
} from './prototypes.js';
export { dropShare, entropyOf, type PseudoLabels, pseudoLabels } from './pseudo-labels.js';
export { crossEntropy } from './segmentation/cross-entropy.js';
export { diceCrossEntropy } from './segmentation/dice.js';
export { focal } from './segmentation/focal.js';
export { lovaszCrossEntropy, lovaszSoftmax } from './segmentation/lovasz.js';
export { sinkhorn } from './sinkhorn.js';
