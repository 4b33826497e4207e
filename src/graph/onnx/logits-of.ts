/**
 * @file What a model computes before the softmax that its output ends with. Classes are found by logits, of which a softmax is some
 * of the work of a small network, and its logarithm, taken again, some more.
 */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, type NodeProto } from './onnx_pb.js';

/** Of [N, K, H, W]. */
const CLASS_AXES = [1n, -3n];

/**
 * The same model with logits in place of probabilities over the classes.
 *
 * @param bytes a model that `inspectModel` has let pass.
 * @param output its name; the value is [N, K, H, W].
 * @returns undefined for a model whose output is no softmax over the classes, or of use within the model too.
 */
export function logitsOf(bytes: Uint8Array, output: string): Uint8Array | undefined {
  const model = fromBinary(ModelProtoSchema, bytes);
  const nodes = model.graph?.node ?? [];
  const last = nodes.find((node) => node.output.includes(output));
  if (!last || !isSoftmaxOverClasses(last) || nodes.some((node) => node.input.includes(output)))
    return undefined;
  last.opType = 'Identity';
  last.attribute = [];
  return toBinary(ModelProtoSchema, model);
}

const isSoftmaxOverClasses = ({ opType, attribute }: NodeProto): boolean =>
  opType === 'Softmax' && attribute.some(({ name, i }) => name === 'axis' && CLASS_AXES.includes(i));
