/** @file Values of a model for OpenVINO that are rounded to 256 steps on their way. */

import { constant, dequantizeLinear, quantizeLinear, type Tensor } from '../../../graph/index.js';
import type { LayerReader } from './layer-reader.js';

const LEVELS = 256;
/** How far zero may lie from a step, as a share of it: ends of ranges are float32. */
const TOLERANCE = 1e-3;

/** Rounding to steps that have zero among them, and that come out as they went in: what 8-bit integers can tell. */
export function readFakeQuantize(layer: LayerReader): readonly Tensor[] {
  layer.word('auto_broadcast', ['numpy'], 'numpy');
  const levels = layer.wholeNumber('levels');
  if (levels !== LEVELS) layer.refuse(`rounds to ${levels} steps; ${LEVELS} are read`);
  const [low, high, lowOut, highOut] = [1, 2, 3, 4].map((at) => layer.numbers(at)) as [
    ...[number[], number[], number[], number[]],
  ];
  if (String(low) !== String(lowOut) || String(high) !== String(highOut) || low.length !== high.length) {
    layer.refuse('gives other values than it takes, which is not read');
  }
  const scales = low.map((end, i) => Math.fround((high[i]! - end) / (LEVELS - 1)));
  const zeros = low.map((end, i) => Math.round(-end / scales[i]!));
  for (const [i, scale] of scales.entries()) {
    const isRange = Number.isFinite(scale) && scale > 0 && zeros[i]! >= 0 && zeros[i]! < LEVELS;
    if (!isRange || Math.abs(low[i]! / scale + zeros[i]!) > TOLERANCE) {
      layer.refuse(`has steps from ${low[i]} to ${high[i]}, of which none is zero`);
    }
  }
  const x = layer.input(0);
  const axis = axisOf(layer, x, layer.input(1), scales.length);
  const shape = axis === undefined ? [] : [scales.length];
  const [scale, zero] = [constant(scales, shape), constant(zeros, shape, 'uint8')];
  return [dequantizeLinear(quantizeLinear(x, scale, zero, axis), scale, zero, axis)];
}

/** That along which ranges differ; undefined for one range. */
function axisOf(layer: LayerReader, x: Tensor, { shape }: Tensor, ranges: number): number | undefined {
  if (ranges === 1) return undefined;
  const axis = shape.findIndex((size) => size > 1) + x.rank - shape.length;
  const isAlongOne = shape.filter((size) => size > 1).length === 1;
  return isAlongOne && x.shape[axis] === ranges
    ? axis
    : layer.refuse(`has ranges [${shape}] for values [${x.shape}]; one, or one a channel, are read`);
}
