/** @file Types and values of quantisation: between float32 and integers with a scale and a zero point. */
import type { DType, Shape, TensorData, TensorType } from './types.js';
import { sizeOf } from './types.js';

/** Whole numbers that a type holds. */
export const LIMITS: Readonly<Partial<Record<DType, readonly [number, number]>>> = {
  uint8: [0, 255],
  int8: [-128, 127],
};
const STORED: readonly DType[] = ['uint8', 'int8', 'int32'];

function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** @throws Error unless scale and zero point are scalars, or as long as the axis. */
function checkParameters(inputs: readonly TensorType[], axis: number): readonly TensorType[] {
  check(inputs.length === 3, `takes 3 inputs, got ${inputs.length}`);
  const [x, scale, zero] = inputs as [TensorType, TensorType, TensorType];
  check(scale.dtype === 'float32', `scale must be float32, got ${scale.dtype}`);
  check(
    String(scale.shape) === String(zero.shape),
    `scale [${scale.shape}] and zero point [${zero.shape}] differ`,
  );
  if (scale.shape.length === 0) return inputs;
  check(
    scale.shape.length === 1 && scale.shape[0] === x.shape[axis],
    `scale [${scale.shape}] does not fit axis ${axis} of [${x.shape}]`,
  );
  return inputs;
}

/** @throws Error unless a float32 tensor is to become small integers. @returns type of the zero point */
function checkRounded(inputs: readonly TensorType[], axis: number): DType {
  const [x, , zero] = checkParameters(inputs, axis) as [TensorType, TensorType, TensorType];
  check(x.dtype === 'float32', `needs float32, got ${x.dtype}`);
  check(zero.dtype in LIMITS, `zero point must be uint8 or int8, got ${zero.dtype}`);
  return zero.dtype;
}

export const quantizationRules = {
  quantizeLinear: (inputs: readonly TensorType[], { axis }: { readonly axis: number }) => [
    { dtype: checkRounded(inputs, axis), shape: inputs[0]!.shape },
  ],
  fakeQuantize: (inputs: readonly TensorType[], { axis }: { readonly axis: number }) => {
    checkRounded(inputs, axis);
    return [inputs[0]!];
  },
  dequantizeLinear: (inputs: readonly TensorType[], { axis }: { readonly axis: number }) => {
    const [q, , zero] = checkParameters(inputs, axis) as [TensorType, TensorType, TensorType];
    check(STORED.includes(q.dtype), `needs uint8, int8 or int32, got ${q.dtype}`);
    check(zero.dtype === q.dtype, `zero point must be ${q.dtype}, got ${zero.dtype}`);
    return [{ dtype: 'float32' as const, shape: q.shape }];
  },
};

/** To the nearest whole number, half to even, as ONNX rounds. */
export function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** The values of a node of these operators. @param values of its three inputs */
export function evaluateQuantization(
  { op, attributes: { axis } }: { readonly op: string; readonly attributes: { readonly axis: number } },
  inputs: readonly TensorType[],
  values: readonly TensorData[],
): TensorData {
  const [x, scaleType, zeroType] = inputs as [TensorType, TensorType, TensorType];
  const [data, scale, zero] = values as [TensorData, Float32Array, TensorData];
  const channel = channelOf(x.shape, scaleType.shape.length === 0 ? undefined : axis);
  const zeroAt = (i: number) => Number(zero[channel(i)]);
  const told = (q: number, i: number): number => (q - zeroAt(i)) * scale[channel(i)]!;
  if (op === 'dequantizeLinear') return Float32Array.from(data as ArrayLike<number>, told);
  const [lowest, highest] = LIMITS[zeroType.dtype]!;
  const quantized = (value: number, i: number): number => {
    // The runtime divides in single precision, which decides what is half way.
    const rounded = roundHalfToEven(Math.fround(value / scale[channel(i)]!)) + zeroAt(i);
    return Math.min(Math.max(rounded, lowest), highest);
  };
  const floats = data as Float32Array;
  if (op === 'fakeQuantize') return Float32Array.from(floats, (value, i) => told(quantized(value, i), i));
  return zeroType.dtype === 'int8' ? Int8Array.from(floats, quantized) : Uint8Array.from(floats, quantized);
}

/** Of a flat index, the position along an axis; 0 for no axis. */
function channelOf(shape: Shape, axis: number | undefined): (index: number) => number {
  if (axis === undefined) return () => 0;
  const inner = sizeOf(shape.slice(axis + 1));
  return (index) => Math.floor(index / inner) % shape[axis]!;
}
