/** @file What an exported file is fed with and what it says: pictures in the form that it wants, and its answer as probabilities. */

import { type NetworkPicture, toPlanes } from '../data/images/network-input.js';
import type { Size } from '../data/transforms/geometry.js';
import { PIXEL_MEAN, PIXEL_STD } from '../data/transforms/normalize.js';
import type { InputForm } from './network-graph.js';

/** The form of an exported file. */
export interface FileForm extends Required<{ readonly [K in keyof InputForm]: NonNullable<InputForm[K]> }> {
  /** `probabilities`: float32 [N, K, H, W]; `labels`: the class of each pixel, uint8 [N, H, W], the threshold applied. */
  readonly output: 'probabilities' | 'labels';
}

/** That of files that say nothing of it. */
export const USUAL_FORM: FileForm = {
  normalisation: 'outside',
  layout: 'nchw',
  channels: 'rgb',
  output: 'probabilities',
};

export const isUsualForm = (form: FileForm): boolean =>
  (Object.keys(USUAL_FORM) as (keyof FileForm)[]).every((key) => form[key] === USUAL_FORM[key]);

/** The input of a file for one picture. @param picture at the size of the input */
export function fileInput(
  picture: NetworkPicture,
  inputSize: Size,
  { normalisation, layout, channels }: FileForm,
): { readonly shape: readonly number[]; readonly data: Float32Array } {
  const { width, height } = inputSize;
  const planes = toPlanes(picture, inputSize);
  const shape = layout === 'nchw' ? [1, 3, height, width] : [1, height, width, 3];
  if (normalisation === 'outside' && layout === 'nchw' && channels === 'rgb') return { shape, data: planes };
  const area = width * height;
  const data = new Float32Array(planes.length);
  const [step, next] = layout === 'nchw' ? [1, area] : [3, 1];
  for (let colour = 0; colour < 3; colour++) {
    const from = colour * area;
    const to = (channels === 'rgb' ? colour : 2 - colour) * next;
    const [mean, std] = normalisation === 'outside' ? [0, 1] : [PIXEL_MEAN[colour]!, PIXEL_STD[colour]!];
    for (let i = 0; i < area; i++) data[to + i * step] = planes[from + i]! * std + mean;
  }
  return { shape, data };
}

/** Labels as probabilities that are sure of them: [K, H, W]; undefined for labels that are no classes. */
export function sureOf(labels: Uint8Array, classes: number): Float32Array | undefined {
  const area = labels.length;
  const sure = new Float32Array(classes * area);
  for (let i = 0; i < area; i++) {
    const label = labels[i]!;
    if (label >= classes) return undefined;
    sure[label * area + i] = 1;
  }
  return sure;
}
