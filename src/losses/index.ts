/** @file Loss functions on symbolic tensors. */
export { crossEntropy, IGNORE_INDEX } from './cross-entropy.js';
