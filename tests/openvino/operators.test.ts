/** @file Every operator as OpenVINO has it, run by the tests' own evaluator, against what the graph means. */
import { describe, expect, test } from 'vitest';
import { OtxError } from '../../src/base/errors.js';
import { encodeIr, type IrModel } from '../../src/export/openvino/encode-ir.js';
import { layerWriters } from '../../src/export/openvino/operators.js';
import {
  constant,
  conv,
  input,
  lower,
  plainLowering,
  reachableNodes,
  relu,
  type Tensor,
  withScope,
} from '../../src/graph/index.js';
import { fitsHalves } from '../../src/graph/onnx/stored-weights.js';
import { differentiableCases, type GraphCase, randomValues } from '../graph/cases.js';
import { expectAgreement } from '../graph/compare.js';
import { interpret } from '../graph/reference.js';
import { UNWRITTEN, writtenCases } from './one-by-one.js';
import { readIr } from './read-ir.js';
import { runIr } from './run-ir.js';

/** Runs what is written. */
function answer(model: IrModel, feeds: GraphCase['feeds'], inputs: readonly Tensor[]): Float64Array {
  const { xml, bin } = encodeIr(model);
  const values = inputs.map(({ node, shape }) => {
    const { name } = node.attributes as { name: string };
    return [name, { shape, data: Float64Array.from(feeds[name]!) }] as const;
  });
  return runIr(readIr(xml), Buffer.concat(bin), Object.fromEntries(values)).output!.data;
}

const all = writtenCases();

describe('one operator after the other', () => {
  test.each(all.map((one) => [one.name, one] as const))('%s', (_, { inputs, output, feeds }) => {
    const [lowered] = lower([output], { resizeNearest: plainLowering.resizeNearest! });
    const found = answer({ inputs, outputs: { output: lowered! }, name: 'case' }, feeds, inputs);
    expectAgreement(Float32Array.from(found), interpret([output], feeds)[0]!, { tolerance: 1e-6 });
  });

  test('no operator is without a case, or it has no form', () => {
    const seen = new Set(all.flatMap(({ output }) => reachableNodes([output]).map(({ op }) => op)));
    const missing = Object.keys(layerWriters).filter((op) => !seen.has(op as never));
    expect(missing.sort()).toEqual([...UNWRITTEN].sort());
  });
});

test('an operator of training is named where it is met', () => {
  const { inputs, output } = differentiableCases().find(({ output }) =>
    reachableNodes([output]).some(({ op }) => op === 'batchNorm'),
  )!;
  const write = () => encodeIr({ inputs, outputs: { output }, name: 'training' });
  expect(write).toThrow(OtxError);
  expect(write).toThrow(/batchNorm\(.*\) has no form in OpenVINO/);
});

test('an input that is not listed is named', () => {
  const x = input('x', 'float32', [2]);
  expect(() => encodeIr({ inputs: [], outputs: { output: relu(x) }, name: 'n' })).toThrow(/input "x"/);
});

/** A whole file, as OpenVINO writes one itself (its own models of tests, such as conv_with_rt_info.xml, and converted ones). */
const CONVOLUTION = `<?xml version="1.0"?>
<net name="tiny" version="11">
	<layers>
		<layer id="0" name="input" type="Parameter" version="opset1">
			<data shape="1,2,32,32" element_type="f32" />
			<output>
				<port id="0" precision="FP32" names="input">
					<dim>1</dim>
					<dim>2</dim>
					<dim>32</dim>
					<dim>32</dim>
				</port>
			</output>
		</layer>
		<layer id="1" name="Const_1" type="Const" version="opset1">
			<data element_type="f16" shape="2, 1, 1, 32, 32" offset="0" size="4096" />
			<output>
				<port id="0" precision="FP16">
					<dim>2</dim>
					<dim>1</dim>
					<dim>1</dim>
					<dim>32</dim>
					<dim>32</dim>
				</port>
			</output>
		</layer>
		<layer id="2" name="Convert_2" type="Convert" version="opset1">
			<data destination_type="f32" />
			<rt_info>
				<attribute name="decompression" version="0" />
			</rt_info>
			<input>
				<port id="0" precision="FP16">
					<dim>2</dim>
					<dim>1</dim>
					<dim>1</dim>
					<dim>32</dim>
					<dim>32</dim>
				</port>
			</input>
			<output>
				<port id="1" precision="FP32">
					<dim>2</dim>
					<dim>1</dim>
					<dim>1</dim>
					<dim>32</dim>
					<dim>32</dim>
				</port>
			</output>
		</layer>
		<layer id="3" name="stem/GroupConvolution_3" type="GroupConvolution" version="opset1">
			<data strides="1, 1" dilations="1, 1" pads_begin="0, 0" pads_end="0, 0" auto_pad="explicit" />
			<input>
				<port id="0" precision="FP32">
					<dim>1</dim>
					<dim>2</dim>
					<dim>32</dim>
					<dim>32</dim>
				</port>
				<port id="1" precision="FP32">
					<dim>2</dim>
					<dim>1</dim>
					<dim>1</dim>
					<dim>32</dim>
					<dim>32</dim>
				</port>
			</input>
			<output>
				<port id="2" precision="FP32">
					<dim>1</dim>
					<dim>2</dim>
					<dim>1</dim>
					<dim>1</dim>
				</port>
			</output>
		</layer>
		<layer id="4" name="Const_4" type="Const" version="opset1">
			<data element_type="f32" shape="1, 2, 1, 1" offset="4096" size="8" />
			<output>
				<port id="0" precision="FP32">
					<dim>1</dim>
					<dim>2</dim>
					<dim>1</dim>
					<dim>1</dim>
				</port>
			</output>
		</layer>
		<layer id="5" name="output" type="Add" version="opset1">
			<data auto_broadcast="numpy" />
			<input>
				<port id="0" precision="FP32">
					<dim>1</dim>
					<dim>2</dim>
					<dim>1</dim>
					<dim>1</dim>
				</port>
				<port id="1" precision="FP32">
					<dim>1</dim>
					<dim>2</dim>
					<dim>1</dim>
					<dim>1</dim>
				</port>
			</input>
			<output>
				<port id="2" precision="FP32" names="output">
					<dim>1</dim>
					<dim>2</dim>
					<dim>1</dim>
					<dim>1</dim>
				</port>
			</output>
		</layer>
		<layer id="6" name="output/sink_port_0" type="Result" version="opset1">
			<input>
				<port id="0" precision="FP32">
					<dim>1</dim>
					<dim>2</dim>
					<dim>1</dim>
					<dim>1</dim>
				</port>
			</input>
		</layer>
	</layers>
	<edges>
		<edge from-layer="1" from-port="0" to-layer="2" to-port="0" />
		<edge from-layer="0" from-port="0" to-layer="3" to-port="0" />
		<edge from-layer="2" from-port="1" to-layer="3" to-port="1" />
		<edge from-layer="3" from-port="2" to-layer="5" to-port="0" />
		<edge from-layer="4" from-port="0" to-layer="5" to-port="1" />
		<edge from-layer="5" from-port="2" to-layer="6" to-port="0" />
	</edges>
	<rt_info>
		<model_info>
			<labels value="&#60;a&#62; &#34;b&#34;&#10;c &#38; d" />
		</model_info>
	</rt_info>
</net>
`;

test('the text is laid out as OpenVINO lays it out', () => {
  const x = input('input', 'float32', [1, 2, 32, 32]);
  // Smaller ones stay in single precision.
  const weight = constant(randomValues('weight', 2048), [2, 1, 32, 32]);
  const bias = constant([0.5, -1], [2]);
  const output = withScope('stem', () => conv(x, weight, { groups: 2, bias }));
  const { xml, bin } = encodeIr({
    ...{ inputs: [x], outputs: { output }, name: 'tiny', isHalf: fitsHalves },
    rtInfo: { model_info: { labels: '<a> "b"\nc & d' } },
  });
  expect(Buffer.from(xml).toString()).toBe(CONVOLUTION);
  expect(Buffer.concat(bin)).toHaveLength(4160);
});
