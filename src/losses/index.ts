/** @file Loss functions on symbolic tensors. */
export { type ClassShare, classWeights, describeWeights, isClassWeights } from './class-weights.js';
export { crossEntropy } from './cross-entropy.js';
export { type ContrastiveView, type DetconLoss, type DetconOptions, detconLoss } from './detcon.js';
export { diceCrossEntropy } from './dice.js';
export { focal } from './focal.js';
export { LOSS_NAMES, type LossName, lossOf, type SegmentationLoss } from './loss.js';
export { lovaszCrossEntropy, lovaszSoftmax } from './lovasz.js';
export {
  bestSimilarities,
  l2Normalized,
  type PrototypeInputs,
  type PrototypeLearning,
  prototypeLearning,
} from './prototypes.js';
export { dropShare, entropyOf, type PseudoLabels, pseudoLabels } from './pseudo-labels.js';
export { sinkhorn } from './sinkhorn.js';
