/** @file Convolutions on which lowerings differ. */

import type { ConvOptions } from '../builders.js';
import type { Shape } from '../tensor.js';

export interface ConvGeometry {
  readonly name: string;
  readonly x: Shape;
  readonly weight: Shape;
  readonly options: ConvOptions;
}

/** Small convolutions of every kind; what each is for is in its name. */
export const convGeometries: readonly ConvGeometry[] = [
  { name: 'pointwise', x: [2, 3, 4, 5], weight: [4, 3, 1, 1], options: {} },
  { name: 'pointwise, one image', x: [1, 3, 4, 5], weight: [2, 3, 1, 1], options: {} },
  { name: 'pointwise, stride 2', x: [2, 3, 5, 4], weight: [2, 3, 1, 1], options: { stride: 2 } },
  { name: 'pointwise in groups', x: [2, 4, 3, 2], weight: [6, 2, 1, 1], options: { groups: 2 } },
  { name: 'pointwise with padding', x: [1, 2, 3, 4], weight: [3, 2, 1, 1], options: { padding: 1 } },
  { name: '3x3', x: [2, 3, 6, 5], weight: [4, 3, 3, 3], options: { padding: 1 } },
  { name: '3x3 without padding, one image', x: [1, 2, 5, 7], weight: [3, 2, 3, 3], options: {} },
  {
    name: '3x3, stride 2, even height',
    x: [2, 3, 8, 7],
    weight: [2, 3, 3, 3],
    options: { stride: 2, padding: 1 },
  },
  {
    name: '3x3, stride 3, rows never reached',
    x: [1, 2, 9, 10],
    weight: [2, 2, 2, 2],
    options: { stride: 3 },
  },
  { name: '3x3, dilation 2', x: [2, 2, 7, 6], weight: [3, 2, 3, 3], options: { dilation: 2, padding: 2 } },
  {
    name: '3x3, dilation and stride 2',
    x: [2, 2, 9, 8],
    weight: [3, 2, 3, 3],
    options: { dilation: 2, stride: 2, padding: 2 },
  },
  {
    name: 'unequal kernel, stride, padding and dilation',
    x: [2, 2, 8, 9],
    weight: [3, 2, 2, 3],
    options: { stride: [2, 1], padding: [0, 2], dilation: [3, 2] },
  },
  {
    name: '3x3 in groups with multiplier',
    x: [2, 4, 5, 6],
    weight: [6, 2, 3, 3],
    options: { groups: 2, padding: 1, stride: 2 },
  },
  { name: 'depthwise 3x3', x: [2, 3, 6, 5], weight: [3, 1, 3, 3], options: { groups: 3, padding: 1 } },
  {
    name: 'depthwise 3x3, one image',
    x: [1, 4, 5, 6],
    weight: [4, 1, 3, 3],
    options: { groups: 4, padding: 1 },
  },
  { name: 'depthwise 3x3 without padding', x: [2, 3, 6, 5], weight: [3, 1, 3, 3], options: { groups: 3 } },
  {
    name: 'depthwise 3x3, stride 2, even size',
    x: [2, 3, 8, 6],
    weight: [3, 1, 3, 3],
    options: { groups: 3, stride: 2, padding: 1 },
  },
  {
    name: 'depthwise 3x3, stride 2, odd size',
    x: [2, 3, 7, 9],
    weight: [3, 1, 3, 3],
    options: { groups: 3, stride: 2, padding: 1 },
  },
  {
    name: 'depthwise 3x3, stride 3',
    x: [2, 2, 10, 8],
    weight: [2, 1, 3, 3],
    options: { groups: 2, stride: 3, padding: 1 },
  },
  {
    name: 'depthwise 1x1, stride 2, odd size',
    x: [2, 3, 5, 7],
    weight: [3, 1, 1, 1],
    options: { groups: 3, stride: 2 },
  },
  {
    name: 'depthwise 5x5, dilation 2',
    x: [1, 2, 11, 9],
    weight: [2, 1, 5, 5],
    options: { groups: 2, dilation: 2, padding: 4 },
  },
  {
    name: 'depthwise, dilation and stride 2',
    x: [2, 2, 9, 8],
    weight: [2, 1, 3, 3],
    options: { groups: 2, dilation: 2, stride: 2, padding: 2 },
  },
  { name: 'depthwise 1x7', x: [2, 2, 4, 9], weight: [2, 1, 1, 7], options: { groups: 2, padding: [0, 3] } },
  {
    name: 'depthwise with more padding than kernel',
    x: [1, 2, 4, 5],
    weight: [2, 1, 2, 2],
    options: { groups: 2, padding: 2 },
  },
  {
    name: 'depthwise with multiplier',
    x: [2, 3, 5, 6],
    weight: [6, 1, 3, 3],
    options: { groups: 3, padding: 1 },
  },
  {
    name: 'one channel in, one out',
    x: [2, 1, 5, 6],
    weight: [1, 1, 3, 3],
    options: { padding: 1, stride: 2 },
  },
];

/** Convolutions with channels in multiples of vector widths, as in real networks, and just off them. */
export const wideGeometries: readonly ConvGeometry[] = [
  ...[8, 16, 20, 40, 48].flatMap((channels): ConvGeometry[] => [
    {
      name: `depthwise 3x3, ${channels} channels`,
      x: [2, channels, 9, 8],
      weight: [channels, 1, 3, 3],
      options: { groups: channels, padding: 1 },
    },
    {
      name: `depthwise 3x3, stride 2, even size, ${channels} channels`,
      x: [4, channels, 8, 10],
      weight: [channels, 1, 3, 3],
      options: { groups: channels, padding: 1, stride: 2 },
    },
    {
      name: `depthwise 3x3, stride 2, odd size, ${channels} channels`,
      x: [1, channels, 9, 7],
      weight: [channels, 1, 3, 3],
      options: { groups: channels, padding: 1, stride: 2 },
    },
  ]),
  {
    name: 'depthwise 5x5, 16 channels',
    x: [3, 16, 7, 12],
    weight: [16, 1, 5, 5],
    options: { groups: 16, padding: 2 },
  },
  {
    name: 'depthwise 3x3, dilation 2, 16 channels',
    x: [2, 16, 9, 8],
    weight: [16, 1, 3, 3],
    options: { groups: 16, padding: 2, dilation: 2 },
  },
  {
    name: 'depthwise 1x11, 16 channels',
    x: [2, 16, 5, 12],
    weight: [16, 1, 1, 11],
    options: { groups: 16, padding: [0, 5] },
  },
  {
    name: 'depthwise 3x3 without padding, 16 channels',
    x: [2, 16, 6, 7],
    weight: [16, 1, 3, 3],
    options: { groups: 16 },
  },
  {
    name: 'depthwise 1x1, 16 channels',
    x: [2, 16, 6, 7],
    weight: [16, 1, 1, 1],
    options: { groups: 16 },
  },
  {
    name: 'depthwise, unequal strides, 16 channels',
    x: [2, 16, 8, 9],
    weight: [16, 1, 3, 3],
    options: { groups: 16, padding: 1, stride: [2, 1] },
  },
  {
    name: 'stem 3x3, stride 2',
    x: [2, 3, 16, 14],
    weight: [32, 3, 3, 3],
    options: { padding: 1, stride: 2 },
  },
  { name: 'pointwise, 40 to 24', x: [2, 40, 5, 7], weight: [24, 40, 1, 1], options: {} },
  { name: '3x3, 16 to 32', x: [2, 16, 6, 7], weight: [32, 16, 3, 3], options: { padding: 1 } },
  { name: '3x3 without padding, 32 to 16', x: [2, 32, 6, 7], weight: [16, 32, 3, 3], options: {} },
  {
    name: '3x3, stride 2, even size, 16 to 32',
    x: [2, 16, 8, 10],
    weight: [32, 16, 3, 3],
    options: { padding: 1, stride: 2 },
  },
  {
    name: '3x3, stride 2, odd size, 32 to 16',
    x: [1, 32, 9, 7],
    weight: [16, 32, 3, 3],
    options: { padding: 1, stride: 2 },
  },
  {
    name: '3x3, stride 3 without padding, 16 to 16',
    x: [2, 16, 9, 12],
    weight: [16, 16, 3, 3],
    options: { stride: 3 },
  },
  {
    name: '2x2, stride 3, some columns never reached, 16 to 16',
    x: [2, 16, 9, 12],
    weight: [16, 16, 2, 2],
    options: { stride: 3 },
  },
  {
    name: '3x5, unequal strides, 16 to 16',
    x: [2, 16, 7, 8],
    weight: [16, 16, 3, 5],
    options: { padding: [1, 2], stride: [1, 2] },
  },
  {
    name: '3x3, dilation 2, 16 to 16',
    x: [2, 16, 8, 9],
    weight: [16, 16, 3, 3],
    options: { padding: 2, dilation: 2 },
  },
  {
    name: '3x3 in 4 groups, 16 to 32',
    x: [2, 16, 6, 7],
    weight: [32, 4, 3, 3],
    options: { padding: 1, groups: 4 },
  },
];
