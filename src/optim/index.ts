/** @file Gradient clipping and optimisers on flat vectors. */
export { type AdamOptions, type AdamScalars, type AdamState, adam, adamScalars } from './adam.js';
export { clipByGlobalNorm } from './clip.js';
