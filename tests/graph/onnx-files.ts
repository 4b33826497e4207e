/** @file Small ONNX files, built node by node with the classes of the format, as others could have written them. */
import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from '../../src/graph/onnx/onnx_pb.js';
import { sizeOf } from '../../src/graph/types.js';
import { randomValues } from './cases.js';

/** Numbers, lists of them, texts and tensors stand for the attributes of their kind; `{ float: 1 }` for a whole float. */
export type AttributeValue =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly tensor: TensorProto };

function attribute(name: string, value: AttributeValue): AttributeProto {
  const of = (fields: Partial<AttributeProto>): AttributeProto =>
    create(AttributeProtoSchema, { name, ...fields } as AttributeProto);
  if (typeof value === 'string')
    return of({ type: AttributeType.STRING, s: new TextEncoder().encode(value) });
  if (typeof value === 'number')
    return Number.isInteger(value)
      ? of({ type: AttributeType.INT, i: BigInt(value) })
      : of({ type: AttributeType.FLOAT, f: value });
  if ('float' in value) return of({ type: AttributeType.FLOAT, f: value.float });
  if ('floats' in value) return of({ type: AttributeType.FLOATS, floats: [...value.floats] });
  if ('tensor' in value) return of({ type: AttributeType.TENSOR, t: value.tensor });
  return of({ type: AttributeType.INTS, ints: value.map(BigInt) });
}

export function node(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
): NodeProto {
  return create(NodeProtoSchema, {
    ...{ opType, input: [...input], output: [...output], name: `the ${opType}` },
    attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  });
}

const ELEMENTS = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9 } as const;
type Element = keyof typeof ELEMENTS;

/** A tensor of a file. */
export function tensor(
  name: string,
  values: readonly number[],
  shape: readonly number[] = [values.length],
  element: Element = 'float32',
): TensorProto {
  const bytes = {
    float32: () => Float32Array.from(values),
    uint8: () => Uint8Array.from(values),
    bool: () => Uint8Array.from(values),
    int8: () => Int8Array.from(values),
    int32: () => Int32Array.from(values),
    int64: () => BigInt64Array.from(values, BigInt),
  }[element]();
  return create(TensorProtoSchema, {
    ...{ name, dataType: ELEMENTS[element], dims: shape.map(BigInt) },
    rawData: new Uint8Array(bytes.buffer),
  });
}

/** A float32 tensor of random values. */
export const weight = (name: string, shape: readonly number[], low = -1.5, high = 1.5): TensorProto =>
  tensor(name, [...randomValues(name, sizeOf(shape), low, high)], shape);

/** A tensor that is named and typed; a text stands for a dimension that is left open. */
export function info(
  name: string,
  shape?: readonly (number | string)[],
  element: Element = 'float32',
): ValueInfoProto {
  const dim = shape?.map((d) => ({
    value:
      typeof d === 'number'
        ? { case: 'dimValue' as const, value: BigInt(d) }
        : { case: 'dimParam' as const, value: d },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: {
      value: {
        case: 'tensorType',
        value: { elemType: ELEMENTS[element], ...(dim ? { shape: { dim } } : {}) },
      },
    },
  });
}

/** What a file consists of. */
export interface FileParts {
  readonly inputs: readonly ValueInfoProto[];
  readonly outputs: readonly string[];
  readonly nodes: readonly NodeProto[];
  readonly weights?: readonly TensorProto[];
  readonly opset?: number;
}

/** The bytes of an ONNX file. */
export function onnxFile({ inputs, outputs, nodes, weights = [], opset = 20 }: FileParts): Uint8Array {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      ...{ irVersion: 8n, producerName: 'others', opsetImport: [{ domain: '', version: BigInt(opset) }] },
      graph: {
        ...{ name: 'net', node: [...nodes], input: [...inputs], initializer: [...weights] },
        output: outputs.map((name) => info(name)),
      },
    }),
  );
}
