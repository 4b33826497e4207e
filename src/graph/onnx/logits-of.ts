/**
 * @file What a model computes before the softmax that its output ends with. Classes are found by logits, of which a softmax is some
 * of the work of a small network, and its logarithm, taken again, some more.
 */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type GraphProto, ModelProtoSchema, type NodeProto } from './onnx_pb.js';

/** Of [N, K, H, W]. */
const CLASS_AXES = [1, -3];

/**
 * The same model with logits in place of probabilities over the classes.
 *
 * @param bytes a model that `inspectModel` has let pass.
 * @param output its name; the value is [N, K, H, W].
 * @returns undefined for a model whose output is no softmax over the classes, or of use within the model too.
 */
export function logitsOf(bytes: Uint8Array, output: string): Uint8Array | undefined {
  const model = fromBinary(ModelProtoSchema, bytes);
  const { graph } = model;
  const last = graph?.node.find((node) => node.output.includes(output));
  if (!graph || !last || graph.node.some((node) => node.input.includes(output))) return undefined;
  const logits = softmaxInput(last, graph);
  if (logits === undefined) return undefined;
  last.opType = 'Identity';
  last.attribute = [];
  last.input = [logits];
  return toBinary(ModelProtoSchema, model);
}

/** What a softmax over the classes is taken of, as one operator or spelled out: e / sum(e) where e is exp(logits). */
function softmaxInput({ opType, input, attribute }: NodeProto, graph: GraphProto): string | undefined {
  if (opType === 'Softmax') {
    const axis = attribute.find(({ name }) => name === 'axis')?.i;
    return axis !== undefined && CLASS_AXES.includes(Number(axis)) ? input[0] : undefined;
  }
  const makerOf = (name: string | undefined) => graph.node.find((node) => node.output[0] === name);
  const [exp, sum] = [makerOf(input[0]), makerOf(input[1])];
  if (opType !== 'Div' || exp?.opType !== 'Exp' || sum?.opType !== 'ReduceSum') return undefined;
  return sum.input[0] === exp.output[0] && isOverClasses(sum, graph) ? exp.input[0] : undefined;
}

/** The axes are an attribute up to opset 12, later an input. */
function isOverClasses({ input, attribute }: NodeProto, { initializer }: GraphProto): boolean {
  const constant = initializer.find(({ name }) => name === input[1]);
  const keeps = attribute.find(({ name }) => name === 'keepdims')?.i ?? 1n;
  const axes = constant
    ? [...new BigInt64Array(new Uint8Array(constant.rawData).buffer), ...constant.int64Data]
    : (attribute.find(({ name }) => name === 'axes')?.ints ?? []);
  return keeps === 1n && axes.length === 1 && CLASS_AXES.includes(Number(axes[0]));
}
