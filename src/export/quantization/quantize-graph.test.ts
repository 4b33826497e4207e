import { describe, expect, test } from 'vitest';
import { Random } from '../../base/random.js';
import { runGraph } from '../../engine/run-graph.js';
import * as g from '../../graph/index.js';
import { type ConvLayer, convLayers, roundedTensors } from './layers.js';
import { type Calibration, quantizeGraph } from './quantize-graph.js';
import type { Range } from './rounding.js';

const random = new Random('graph');
const noise = (length: number) => Float32Array.from({ length }, () => random.normal());
const SIZE = [2, 4, 8, 8];
const LENGTH = 2 * 4 * 8 * 8;

/** Two convolutions with a ReLU between them, a sum, and class scores that nothing is convolved from. */
function network() {
  const x = g.input('x', 'float32', SIZE);
  const weight = (out: number, inner: number, size: number) =>
    g.constant(noise(out * inner * size * size), [out, inner, size, size]);
  const first = g.relu(g.conv(x, weight(6, 4, 3), { padding: 1, bias: g.constant(noise(6), [6]) }));
  const second = g.conv(first, weight(4, 6, 1));
  const scores = g.conv(g.add(second, x), weight(3, 4, 1), { bias: g.constant(noise(3), [3]) });
  return { x, first, second, scores };
}

/** Exactly what these values are. */
async function calibrationOf(layers: readonly ConvLayer[], data: Float32Array): Promise<Calibration> {
  const tensors = roundedTensors(layers);
  const values = (await runGraph(tensors, { x: data })) as Float32Array[];
  const rangeOf = (all: Float32Array): Range => ({ low: Math.min(...all), high: Math.max(...all) });
  const meansOf = (tensor: g.Tensor, all: Float32Array) => {
    const [images, channels, ...sizes] = tensor.shape as [number, number, ...number[]];
    const area = g.sizeOf(sizes);
    const sums = new Float32Array(channels);
    all.forEach((value, i) => {
      sums[Math.floor(i / area) % channels]! += value / (images * area);
    });
    return sums;
  };
  return {
    ranges: new Map(tensors.map((tensor, i) => [tensor, rangeOf(values[i]!)])),
    means: new Map(tensors.map((tensor, i) => [tensor, meansOf(tensor, values[i]!)])),
  };
}

const power = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0) / values.length;
const difference = (a: Float32Array, b: Float32Array) => a.map((value, i) => value - b[i]!);
const nodesOf = (outputs: readonly g.Tensor[], op: g.OpName) =>
  g.reachableNodes(outputs).filter((node) => node.op === op);

describe('a network of three convolutions', () => {
  const built = network();
  const layers = convLayers([built.scores]);
  const data = noise(LENGTH);

  test('is rounded behind a ReLU, and not where a sum or nothing reads a result', () => {
    expect(layers.map(({ input }) => input)).toEqual([built.x, built.first, built.scores.node.inputs[0]]);
    expect(layers.map(({ output }) => output)).toEqual([built.first, undefined, undefined]);
  });

  test('computes nearly the same, whether the runtime fuses it or not', async () => {
    const calibration = await calibrationOf(layers, data);
    const [exact] = (await runGraph([built.scores], { x: data })) as Float32Array[];
    for (const bits of [7, 8] as const) {
      const rounded = quantizeGraph([built.scores], layers, { calibration, bits, correctBias: true });
      for (const rewrite of [false, true]) {
        const [found] = (await runGraph(
          rounded,
          { x: data },
          { rewrite, lower: (outputs) => [...outputs] },
        )) as Float32Array[];
        const ratio = power(difference(found!, exact!)) / power(exact!);
        expect(ratio).toBeGreaterThan(0);
        expect(ratio).toBeLessThan(bits === 7 ? 2e-3 : 1e-3);
      }
    }
  });

  test('holds weights as bytes, and rounds a value once however many read it', async () => {
    const calibration = await calibrationOf(layers, data);
    const rounded = quantizeGraph([built.scores], layers, { calibration, bits: 7, correctBias: true });
    const stored = nodesOf(rounded, 'constant').map((node) => node.outputs[0]!);
    expect(stored.filter(({ dtype, rank }) => dtype === 'int8' && rank === 4)).toHaveLength(3);
    expect(stored.filter(({ dtype, rank }) => dtype === 'float32' && rank === 4)).toHaveLength(0);
    // The input, what the ReLU gives, and the sum.
    expect(nodesOf(rounded, 'quantizeLinear')).toHaveLength(3);
  });

  test('keeps layers exact that are not chosen', async () => {
    const calibration = await calibrationOf(layers, data);
    const options = { calibration, bits: 7, correctBias: false } as const;
    const [kept] = quantizeGraph([built.scores], layers.slice(1), options);
    expect(g.reachableNodes([kept!])).toContain(built.first.node);
    expect(quantizeGraph([built.scores], [], options)).toEqual([built.scores]);
  });

  test('is off by less on average with corrected biases', async () => {
    const calibration = await calibrationOf(layers, data);
    const [exact] = (await runGraph([built.scores], { x: data })) as Float32Array[];
    const biasOf = async (correctBias: boolean) => {
      // One layer alone, without padding: the correction is exact there.
      const last = layers.slice(2);
      const rounded = quantizeGraph([built.scores], last, { calibration, bits: 7, correctBias });
      const [found] = (await runGraph(
        rounded,
        { x: data },
        { lower: (outputs) => [...outputs] },
      )) as Float32Array[];
      const off = difference(found!, exact!);
      const channel = (c: number) => off.filter((_, i) => Math.floor(i / 64) % 3 === c);
      return [0, 1, 2].reduce((sum, c) => {
        const own = channel(c);
        return sum + Math.abs(own.reduce((total, value) => total + value, 0) / own.length);
      }, 0);
    };
    expect(await biasOf(true)).toBeLessThan(await biasOf(false));
  });
});
