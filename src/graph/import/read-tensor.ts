/** @file Tensors that an ONNX file holds, as known values. Half and double precision become single precision. */
import { fromHalf, fromHalves } from '../../base/half.js';
import { type TensorProto, TensorProto_DataType as Type } from '../onnx/onnx_pb.js';
import { type DType, sizeOf } from '../types.js';
import { checkRank, Known } from './values.js';

const BFLOAT16: number = 16;

/** Types of a file and what they become. */
const TYPES: Readonly<Record<number, DType>> = {
  [Type.FLOAT]: 'float32',
  [Type.DOUBLE]: 'float32',
  [Type.FLOAT16]: 'float32',
  [BFLOAT16]: 'float32',
  [Type.INT64]: 'int64',
  [Type.INT32]: 'int32',
  [Type.UINT8]: 'uint8',
  [Type.INT8]: 'int8',
  [Type.BOOL]: 'bool',
};

/** The type that elements of a file are imported as. @throws Error for those that no graph computes with. */
export function dtypeOfElement(type: number): DType {
  const dtype = TYPES[type];
  if (dtype) return dtype;
  throw new Error(`elements of type ${Type[type] ?? type} are not imported; export the network in float32`);
}

/** @throws Error when the bytes do not fill the shape, or the type is none that is imported. */
export function readTensor(tensor: TensorProto): Known {
  const dtype = dtypeOfElement(tensor.dataType);
  const shape = tensor.dims.map(Number);
  checkRank(shape.length);
  const values = tensor.rawData.length > 0 ? fromRaw(tensor) : fromFields(tensor);
  if (shape.some((d) => d < 0) || values.length !== sizeOf(shape))
    throw new Error(`tensor "${tensor.name}" holds ${values.length} values, its shape is [${shape}]`);
  return new Known(dtype, shape, values);
}

function fromRaw({ dataType, rawData, name }: TensorProto): Float32Array | Float64Array {
  // Copied, because typed arrays must begin at multiples of their size.
  const { buffer } = new Uint8Array(rawData);
  const whole = (bytes: number): ArrayBuffer => {
    if (buffer.byteLength % bytes !== 0) throw new Error(`tensor "${name}" ends within a value`);
    return buffer;
  };
  switch (dataType) {
    case Type.FLOAT:
      return new Float32Array(whole(4));
    case Type.DOUBLE:
      return Float32Array.from(new Float64Array(whole(8)));
    case Type.FLOAT16:
      return fromHalves(new Uint16Array(whole(2)));
    case BFLOAT16:
      return fromBrain(new Uint16Array(whole(2)));
    case Type.INT64:
      return Float64Array.from(new BigInt64Array(whole(8)), Number);
    case Type.INT32:
      return Float64Array.from(new Int32Array(whole(4)));
    case Type.INT8:
      return Float64Array.from(new Int8Array(buffer));
    default:
      return Float64Array.from(new Uint8Array(buffer));
  }
}

function fromFields({ dataType, floatData, int32Data, int64Data }: TensorProto) {
  switch (dataType) {
    case Type.FLOAT:
      return Float32Array.from(floatData);
    case Type.FLOAT16:
      return Float32Array.from(int32Data, fromHalf);
    case BFLOAT16:
      return fromBrain(Uint16Array.from(int32Data));
    case Type.INT64:
      return Float64Array.from(int64Data, Number);
    default:
      return Float64Array.from(int32Data);
  }
}

const fromBrain = (halves: Uint16Array): Float32Array =>
  new Float32Array(Uint32Array.from(halves, (bits) => bits << 16).buffer);
