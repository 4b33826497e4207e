/**
 * @file Looks at a model file from elsewhere before a runtime does. A runtime believes what a file says: it reads other files
 * that the file names, runs programs within programs, and computes with whatever the weights are.
 */

import { fromBinary, type UnknownField } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  TensorProto_DataType as Type,
  type ValueInfoProto,
} from './onnx_pb.js';

/** What a file that passes can be asked for. */
export interface ModelFacts {
  /** Height and width of the largest input that has them; a side that the file leaves open is undefined. */
  readonly input: readonly [number | undefined, number | undefined];
  /** How many values its weights have, as the file holds them. */
  readonly weights: number;
  /** Texts of the file about itself, by key; very long ones are left out. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Why a model file is refused, without its name. */
export class RefusedModel extends Error {}

function refuse(reason: string): never {
  throw new RefusedModel(reason);
}

/**
 * Operators of networks that segment. None of them runs another graph, calls anything or waits.
 */
const OPERATORS = new Set(
  (
    'Abs Add And ArgMax ArgMin AveragePool BatchNormalization Cast CastLike Ceil Celu Clip Concat Constant ConstantOfShape ' +
    'Conv ConvInteger ConvTranspose Cos CumSum DepthToSpace DequantizeLinear Div Dropout DynamicQuantizeLinear Einsum Elu ' +
    'Equal Erf Exp Expand Flatten Floor Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool Greater ' +
    'GreaterOrEqual GridSample GroupNormalization HardSigmoid HardSwish Identity InstanceNormalization LayerNormalization ' +
    'LeakyRelu Less LessOrEqual Log LogSoftmax LpNormalization LpPool MatMul MatMulInteger Max MaxPool Mean ' +
    'MeanVarianceNormalization Min Mish Mod Mul Neg Not OneHot Or PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear ' +
    'Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ' +
    'ReduceSumSquare Relu Reshape Resize Round ScatterElements ScatterND Selu Shape Sigmoid Sign Sin Size Slice Softmax ' +
    'Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tanh Tile TopK Transpose Trilu Unsqueeze Upsample Where Xor'
  ).split(' '),
);

/** Numbers of fields that this project neither writes nor needs to look into. */
const HARMLESS = {
  model: [],
  graph: [14, 16],
  node: [9],
  attribute: [13],
  tensor: [12, 16],
} as const;

/** What other fields are, for messages. */
const FIELDS: Readonly<Record<string, string>> = {
  'model 20': 'instructions for training',
  'model 25': 'functions of its own',
  'graph 15': 'sparse weights',
  'attribute 6': 'a graph within the graph',
  'attribute 11': 'graphs within the graph',
  'tensor 3': 'a segment of a tensor',
  'tensor 6': 'texts as weights',
  'tensor 13': 'weights in another file',
  'tensor 14': 'weights in another file',
};

/** Of 255 classes with the longest names there are, with room to spare. */
const LONGEST_TEXT = 2 ** 18;

/**
 * Of nodes, values and attributes. Exporters write paths of modules, of some hundred characters; engines of JavaScript compare names of
 * many thousand characters one by one, so that a few thousand of them would take minutes.
 */
const LONGEST_NAME = 4096;

/** A refused file could name anything. */
const LONGEST_SHOWN = 60;
const named = (text: string): string => {
  const short = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
  return JSON.stringify(short).replace(/[\u007f-\u009f\u2028\u2029]/g, '?');
};

/**
 * Refuses what an ordinary network does not have: weights in other files, graphs within graphs (loops and branches),
 * functions, operators of other domains, and weights that are no numbers or overflow (see `largest`).
 *
 * @param largest magnitude of weights that is still sensible.
 * @throws RefusedModel
 */
export function inspectModel(bytes: Uint8Array, largest: number): ModelFacts {
  const model = parse(bytes);
  checkFields('model', model.$unknown);
  const { graph } = model;
  if (!graph || graph.node.length === 0) return refuse('it has no graph');
  for (const { domain } of model.opsetImport) {
    if (!isStandard(domain)) refuse(`it uses operators of ${named(domain)}; only standard ones are run`);
  }
  checkFields('graph', graph.$unknown);
  checkNames(graph);
  for (const node of graph.node) checkNode(node, largest);
  const tensors = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  for (const tensor of graph.initializer) checkTensor(tensor, named(tensor.name), largest);
  checkVariances(graph, tensors);
  const sides = graph.input.filter(({ name }) => !tensors.has(name)).map(sidesOf);
  const texts = model.metadataProps.filter(isShort);
  return {
    input: largestOf(sides),
    weights: graph.initializer.reduce((sum, tensor) => sum + valuesIn(tensor), 0),
    metadata: Object.fromEntries(texts.map(({ key, value }) => [key, value])),
  };
}

/** Whether a text of a file about itself is one that is read. */
export const isShort = ({ key, value }: { readonly key: string; readonly value: string }): boolean =>
  key.length <= LONGEST_NAME && value.length <= LONGEST_TEXT;

function checkNames({ node, input, output, initializer }: GraphProto): void {
  const check = (name: string) => {
    if (name.length > LONGEST_NAME)
      refuse(`the name ${named(name)} has ${name.length} characters, more than ${LONGEST_NAME}`);
  };
  for (const { name } of [input, output, initializer].flat()) check(name);
  for (const { name, input: given, output: made, attribute } of node) {
    check(name);
    for (const value of given) check(value);
    for (const value of made) check(value);
    for (const each of attribute) check(each.name);
  }
}

function parse(bytes: Uint8Array) {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch {
    return refuse('it is not an ONNX file, or damaged');
  }
}

const isStandard = (domain: string): boolean => domain === '' || domain === 'ai.onnx';

function checkFields(kind: keyof typeof HARMLESS, unknown: readonly UnknownField[] | undefined): void {
  for (const { no, data } of unknown ?? []) {
    if ((HARMLESS[kind] as readonly number[]).includes(no)) continue;
    // "In this file" may be written out.
    if (kind === 'tensor' && no === 14 && data.every((byte) => byte === 0)) continue;
    refuse(`it has ${FIELDS[`${kind} ${no}`] ?? `a field ${no} of its ${kind}`}, which is not read`);
  }
}

function checkNode({ opType, domain, name, attribute, $unknown }: NodeProto, largest: number): void {
  const node = `node ${named(name)}`;
  if (!isStandard(domain)) refuse(`${node} is an operator of ${named(domain)}; only standard ones are run`);
  if (!OPERATORS.has(opType)) refuse(`${node} is ${named(opType)}; only operators of networks are run`);
  checkFields('node', $unknown);
  for (const { name: attributeName, type, t, $unknown: unknown } of attribute) {
    checkFields('attribute', unknown);
    if (type === AttributeType.GRAPH || type === AttributeType.GRAPHS)
      refuse(`${node} has a graph within the graph`);
    if (t) checkTensor(t, `${named(attributeName)} of ${node}`, largest);
  }
}

function checkTensor(tensor: TensorProto, name: string, largest: number): void {
  checkFields('tensor', tensor.$unknown);
  const problem = valueProblem(tensor, largest);
  if (problem) refuse(`tensor ${name} holds ${problem}`);
}

function valueProblem(tensor: TensorProto, largest: number): string | undefined {
  const values = floatsOf(tensor);
  if (!values) return undefined;
  // A single number may be a limit, as of clipping, or what padding is filled with.
  const most = tensor.dims.length === 0 ? Number.POSITIVE_INFINITY : largest;
  const at = values.findIndex((value) => !(Math.abs(value) <= most));
  return at < 0 ? undefined : `${values[at]} (value ${at + 1} of ${values.length})`;
}

/** Values of a floating-point tensor; undefined for others. */
function floatsOf({
  dataType,
  rawData,
  floatData,
  int32Data,
}: TensorProto): Float32Array | Float64Array | undefined {
  const raw = new Uint8Array(rawData).buffer;
  const whole = (bytes: number) => raw.slice(0, raw.byteLength - (raw.byteLength % bytes));
  switch (dataType) {
    case Type.FLOAT:
      return rawData.length > 0 ? new Float32Array(whole(4)) : Float32Array.from(floatData);
    case Type.DOUBLE:
      return new Float64Array(whole(8));
    case Type.FLOAT16:
      return Float32Array.from(
        rawData.length > 0 ? new Uint16Array(whole(2)) : int32Data,
        // Of a half only the exponent matters here: with all bits set it is no number.
        (bits) => ((bits & 0x7c00) === 0x7c00 ? Number.NaN : 0),
      );
    case BFLOAT16: {
      const halves = Uint32Array.from(
        rawData.length > 0 ? new Uint16Array(whole(2)) : int32Data,
        (bits) => bits << 16,
      );
      return new Float32Array(halves.buffer);
    }
    default:
      return undefined;
  }
}

const BFLOAT16: number = 16;

/** Bytes of a value, of types that weights are stored in; of others, those of the largest. */
const VALUE_BYTES: Readonly<Record<number, number>> = {
  ...{ [Type.FLOAT]: 4, [Type.UINT8]: 1, [Type.INT8]: 1, [Type.FLOAT16]: 2, [BFLOAT16]: 2 },
};
const MOST_VALUE_BYTES = 8;

/** Not what its dimensions say, which may be anything. */
const valuesIn = ({ dataType, rawData, floatData, int32Data }: TensorProto): number =>
  rawData.length / (VALUE_BYTES[dataType] ?? MOST_VALUE_BYTES) + floatData.length + int32Data.length;

/** Input of a batch normalisation that is its variance. */
const VARIANCE = 4;

function checkVariances({ node }: GraphProto, tensors: ReadonlyMap<string, TensorProto>): void {
  for (const { opType, input } of node) {
    const name = input[VARIANCE];
    const tensor = opType === 'BatchNormalization' && name !== undefined ? tensors.get(name) : undefined;
    const negative = tensor && floatsOf(tensor)?.find((value) => value < 0);
    if (negative !== undefined) refuse(`tensor ${named(name as string)} holds ${negative} as a variance`);
  }
}

/** A small input must not speak for a large one behind it. */
function largestOf(all: readonly (ModelFacts['input'] | undefined)[]): ModelFacts['input'] {
  const area = ([height = 0, width = 0]: ModelFacts['input']) => height * width;
  const known = all.filter((sides) => sides !== undefined);
  return known.sort((a, b) => area(b) - area(a))[0] ?? [undefined, undefined];
}

function sidesOf({ type }: ValueInfoProto): ModelFacts['input'] | undefined {
  const dims = type?.value.case === 'tensorType' ? type.value.value.shape?.dim : undefined;
  if (dims?.length !== 4) return undefined;
  const [, first, middle, last] = dims.map(({ value }) =>
    value.case === 'dimValue' ? Number(value.value) : undefined,
  );
  // Colours come last, or first.
  return last === 3 && first !== 3 ? [first, middle] : [middle, last];
}
