/** @file Reading models for OpenVINO: what is written comes back, models as others write them mean what they should. */
import { describe, expect, test } from 'vitest';
import { PIXEL_MEAN, PIXEL_STD } from '../../src/data/index.js';
import { encodeIr } from '../../src/export/openvino/encode-ir.js';
import {
  add,
  constant,
  div,
  input,
  lower,
  matMul,
  mul,
  plainLowering,
  reachableNodes,
  relu,
  sub,
  type Tensor,
} from '../../src/graph/index.js';
import { fitsHalves } from '../../src/graph/onnx/stored-weights.js';
import { rewrite } from '../../src/graph/passes/rewrite.js';
import { parseIr } from '../../src/inference/readers/openvino/document.js';
import { graphOf, type IrGraph } from '../../src/inference/readers/openvino/ir-graph.js';
import { withoutNormalisation } from '../../src/inference/readers/openvino/normalisation.js';
import type { GraphCase } from '../graph/cases.js';
import { expectAgreement } from '../graph/compare.js';
import { interpret } from '../graph/reference.js';
import { writtenCases } from './one-by-one.js';

const MOST = 2 ** 20;

function read(xml: Uint8Array | string, bin: Uint8Array): IrGraph {
  return graphOf(parseIr(Buffer.from(xml).toString()), bin, MOST);
}

/** The same graph with all inputs but the first as constants: a model that is read has one input. */
function ofOneInput({ inputs, output, feeds }: GraphCase): {
  first: Tensor;
  rest: Tensor;
  data: Float32Array;
} {
  const [first, ...others] = inputs as [Tensor, ...Tensor[]];
  const nameOf = ({ node }: Tensor) => (node.attributes as { name: string }).name;
  const [rest] = rewrite([output], (node) => {
    const other = others.find((tensor) => tensor.node === node);
    return other && [constant(feeds[nameOf(other)]!, other.shape)];
  });
  return { first, rest: rest!, data: feeds[nameOf(first)]! };
}

describe('what is written comes back', () => {
  test.each(writtenCases().map((one) => [one.name, one] as const))('%s', (_, one) => {
    const { first, rest, data } = ofOneInput(one);
    const [lowered] = lower([rest], { resizeNearest: plainLowering.resizeNearest! });
    const { xml, bin } = encodeIr({ inputs: [first], outputs: { output: lowered! }, name: 'case' });
    const { outputs } = read(xml, Buffer.concat(bin));
    const [expected] = interpret([one.output], one.feeds);
    const [found] = interpret([outputs.output!], { input: data });
    expectAgreement(Float32Array.from(found!), expected!, { tolerance: 1e-6 });
  });
});

test('halves and an open batch size are read as float32 and one image', () => {
  const x = input('input', 'float32', [2, 40]);
  const weight = constant(
    Float32Array.from({ length: 2400 }, (_, i) => i / 2048 - 0.5),
    [40, 60],
  );
  const output = relu(matMul(x, weight));
  const { xml, bin } = encodeIr({
    ...{ inputs: [x], outputs: { output }, name: 'half', isHalf: fitsHalves, dynamicBatch: true },
  });
  expect(Buffer.concat(bin)).toHaveLength(2 * 2400);
  const { input: images, outputs } = read(xml, Buffer.concat(bin));
  expect(images.shape).toEqual([1, 40]);
  expect(outputs.output!.shape).toEqual([1, 60]);
  const row = Float32Array.from({ length: 40 }, (_, i) => i - 17);
  const [found] = interpret([outputs.output!], { input: row });
  const [exact] = interpret([relu(matMul(input('x', 'float32', [1, 40]), weight))], { x: row });
  expectAgreement(Float32Array.from(found!), exact!, { tolerance: 1e-3 });
});

/** A model of the older version, without what may be left out: types on inputs, spaces, alignment; a constant's port is 1. */
const older = (body: string, edges: string): string => `<?xml version="1.0" ?>
<net name="older" version="10">
  <layers>
    <layer id="7" name="input" type="Parameter" version="opset1">
      <data element_type="f32" shape="1,3,4,5"/>
      <output><port id="0" precision="FP32"><dim>1</dim><dim>3</dim><dim>4</dim><dim>5</dim></port></output>
    </layer>
    ${body}
  </layers>
  <edges>${edges}</edges>
  <meta_data><MO_version value="2021"/></meta_data>
</net>`;

const port = (id: number, dims: readonly number[]): string =>
  `<port id="${id}">${dims.map((dim) => `<dim>${dim}</dim>`).join('')}</port>`;

test('a model of the older version, with its result before what it needs', () => {
  const bin = Buffer.alloc(1 + 4 * 27);
  const weights = Array.from({ length: 27 }, (_, i) => i / 8 - 1);
  weights.forEach((value, i) => {
    bin.writeFloatLE(value, 1 + 4 * i);
  });
  const text = older(
    `<layer id="9" name="end" type="Result" version="opset1"><input>${port(0, [1, 1, 2, 3])}</input></layer>
     <layer id="2" name="w" type="Const" version="opset1">
       <data element_type="f32" offset="1" shape="1,3,3,3" size="108"/><output>${port(1, [1, 3, 3, 3])}</output></layer>
     <layer id="4" name="conv" type="Convolution" version="opset1">
       <data auto_pad="same_upper" dilations="1,1" pads_begin="0,0" pads_end="0,0" strides="2,2"/>
       <input>${port(0, [1, 3, 4, 5])}${port(1, [1, 3, 3, 3])}</input><output>${port(2, [1, 1, 2, 3])}</output></layer>`,
    `<edge from-layer="7" from-port="0" to-layer="4" to-port="0"/><edge from-layer="2" from-port="1" to-layer="4" to-port="1"/>
     <edge from-layer="4" from-port="2" to-layer="9" to-port="0"/>`,
  );
  const { outputs } = read(text, bin);
  const image = Float32Array.from({ length: 60 }, (_, i) => (i % 7) - 3);
  const [found] = interpret([outputs.output!], { input: image });
  const at = (c: number, y: number, x: number) =>
    y < 4 && x < 5 && y >= 0 && x >= 0 ? image[(c * 4 + y) * 5 + x]! : 0;
  // Four rows need one more, which "upper" has at the end; five columns one at either end.
  const expected = [0, 1].flatMap((y) =>
    [0, 1, 2].map((x) =>
      weights.reduce((sum, value, i) => {
        const [c, ky, kx] = [Math.floor(i / 9), Math.floor(i / 3) % 3, i % 3];
        return sum + value * at(c, 2 * y + ky, 2 * x + kx - 1);
      }, 0),
    ),
  );
  expectAgreement(Float32Array.from(found!), Float64Array.from(expected));
});

describe('the normalisation at the beginning', () => {
  const pixels = () => input('input', 'float32', [1, 3, 2, 2]);
  const three = (values: readonly number[]) => constant([...values], [1, 3, 1, 1]);
  const feeds = { input: Float32Array.from({ length: 12 }, (_, i) => i / 5 - 1) };

  test('is left out where it is that of training', () => {
    const x = pixels();
    const output = relu(div(sub(x, three(PIXEL_MEAN)), three(PIXEL_STD)));
    const stripped = withoutNormalisation({ input: x, outputs: { output } });
    expect(reachableNodes([stripped.outputs.output!]).map(({ op }) => op)).toEqual(['input', 'relu']);
    expect(stripped.input.node).toBe(reachableNodes([stripped.outputs.output!])[0]);
  });

  test.each([
    ['is another one', (x: Tensor) => mul(sub(x, 128), 1 / 128)],
    [
      'is not all that sees the pixels',
      (x: Tensor) => add(div(sub(x, three(PIXEL_MEAN)), three(PIXEL_STD)), x),
    ],
    ['is not there', (x: Tensor) => relu(x)],
  ])('is undone where it %s', (_, build) => {
    const x = pixels();
    const output = build(x);
    const stripped = withoutNormalisation({ input: x, outputs: { output } });
    const asPixels = feeds.input.map((value, i) => {
      const channel = Math.floor(i / 4);
      return value * PIXEL_STD[channel]! + PIXEL_MEAN[channel]!;
    });
    const [expected] = interpret([output], { input: asPixels });
    const [found] = interpret([stripped.outputs.output!], feeds);
    expectAgreement(Float32Array.from(found!), expected!);
  });
});
