/**
 * @file What the backbone of a network responds to, without gradients: where its maps are unlike their means, and where they are like
 * what they are on the pixels of a class.
 */

import type { Size } from '../../data/index.js';
import type { FeatureMaps } from './feature-network.js';

/** Values from 0 to 1, row by row. */
export interface GrayMap extends Size {
  readonly data: Float32Array;
}

/** Keeps channels that are the same everywhere finite. */
const LEAST_DEVIATION = 1e-6;
/** Of all pixels; what is rarer has no activation that means anything. */
const LEAST_SHARE = 1e-6;

/**
 * The activation of a class. A channel counts by how many standard deviations more it responds on the pixels of the class, weighted
 * by their probability, than on the whole picture; what counts against the class is left out. Each resolution counts alike.
 *
 * @param maps at least one.
 * @param probability of the class.
 * @returns at the size of the finest maps; 1 is the largest value in it, and a class that is nowhere is 0 everywhere.
 */
export function classActivation(maps: readonly FeatureMaps[], probability: GrayMap): GrayMap {
  return merged(
    maps.map((level) => {
      const { channels, width, height } = level;
      const share = resizedMap(probability, level).data;
      const total = sumOf(share);
      const sum = new Float32Array(width * height);
      if (total < LEAST_SHARE * sum.length) return { width, height, data: sum };
      for (let c = 0; c < channels; c++) {
        const plane = standardised(level, c);
        let weight = 0;
        for (let i = 0; i < plane.length; i++) weight += share[i]! * plane[i]!;
        weight /= total;
        for (let i = 0; i < plane.length; i++) sum[i]! += weight * plane[i]!;
      }
      return { width, height, data: sum.map((value) => Math.max(value, 0)) };
    }),
  );
}

/** How much the maps differ from their means, in standard deviations, over all channels; scaled as {@link classActivation}. */
export function activation(maps: readonly FeatureMaps[]): GrayMap {
  return merged(
    maps.map((level) => {
      const { channels, width, height } = level;
      const sum = new Float32Array(width * height);
      for (let c = 0; c < channels; c++) {
        const plane = standardised(level, c);
        for (let i = 0; i < plane.length; i++) sum[i]! += Math.abs(plane[i]!);
      }
      return { width, height, data: sum };
    }),
  );
}

/** A channel, of mean 0 and deviation 1. */
function standardised({ data, width, height }: FeatureMaps, channel: number): Float32Array {
  const area = width * height;
  const plane = data.slice(channel * area, (channel + 1) * area);
  const mean = sumOf(plane) / area;
  let squares = 0;
  for (let i = 0; i < area; i++) squares += (plane[i]! - mean) ** 2;
  const deviation = Math.max(Math.sqrt(squares / area), LEAST_DEVIATION);
  for (let i = 0; i < area; i++) plane[i] = (plane[i]! - mean) / deviation;
  return plane;
}

/** The mean of maps of several resolutions, each scaled to 1 at most. */
function merged(levels: readonly GrayMap[]): GrayMap {
  const [first, ...others] = [...levels].sort((a, b) => b.width * b.height - a.width * a.height);
  const sum = scaled(first!);
  for (const level of others) {
    const { data } = resizedMap(scaled(level), sum);
    for (let i = 0; i < data.length; i++) sum.data[i]! += data[i]!;
  }
  return scaled(sum);
}

function scaled({ width, height, data }: GrayMap): GrayMap {
  const most = data.reduce((most, value) => Math.max(most, value), 0);
  return { width, height, data: most > 0 ? data.map((value) => value / most) : data };
}

function sumOf(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}

/** A map in another size, bilinear; where it shrinks, the mean of what falls into a pixel along each side. */
export function resizedMap(map: GrayMap, to: Size): GrayMap {
  if (map.width === to.width && map.height === to.height) return map;
  const { width, height } = to;
  const columns = tapsOf(map.width, width);
  const rows = tapsOf(map.height, height);
  const narrow = new Float32Array(width * map.height);
  for (let y = 0; y < map.height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (const [from, weight] of columns[x]!) sum += map.data[y * map.width + from]! * weight;
      narrow[y * width + x] = sum;
    }
  }
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (const [from, weight] of rows[y]!) {
      for (let x = 0; x < width; x++) data[y * width + x]! += narrow[from * width + x]! * weight;
    }
  }
  return { width, height, data };
}

/** Of each output index: inputs and their weights, which are 1 together (a triangle as wide as the larger of both steps). */
function tapsOf(from: number, to: number): (readonly [number, number])[][] {
  const step = Math.max(from / to, 1);
  return Array.from({ length: to }, (_, i) => {
    const centre = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
    const taps: [number, number][] = [];
    for (let at = Math.ceil(centre - step); at <= centre + step; at++) {
      const weight = 1 - Math.abs(at - centre) / step;
      if (at >= 0 && at < from && weight > 0) taps.push([at, weight]);
    }
    const total = taps.reduce((sum, [, weight]) => sum + weight, 0);
    return taps.map(([at, weight]) => [at, weight / total] as const);
  });
}
