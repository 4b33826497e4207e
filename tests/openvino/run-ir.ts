/**
 * @file Runs a model of OpenVINO layer by layer in float64, by the definitions of the operators in OpenVINO's documentation. For tests alone;
 * the shape of every value is held against the ports.
 */
import type { Ir, Layer } from './read-ir.js';

export interface Value {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

type Rule = (layer: Layer, inputs: readonly Value[]) => readonly Value[];

/** Values of all results under the names of what leads to them. */
export function runIr(
  { layers }: Ir,
  bin: Uint8Array,
  feeds: Readonly<Record<string, Value>>,
): Record<string, Value> {
  const values: (readonly Value[])[] = [];
  const results: Record<string, Value> = {};
  for (const layer of layers) {
    const inputs = layer.sources.map(([from, output]) => values[from]![output]!);
    const found = evaluate(layer, inputs, bin, feeds);
    found.forEach(({ shape, data }, i) => {
      const { dims } = layer.outputs[i]!;
      const fits = dims.length === shape.length && dims.every((d, axis) => d === -1 || d === shape[axis]);
      if (!fits || data.length !== size(shape)) throw new Error(`${layer.name}: [${shape}] for [${dims}]`);
    });
    values.push(found);
    if (layer.type !== 'Result') continue;
    const [from, output] = layer.sources[0]!;
    for (const name of layers[from]!.outputs[output]!.names) results[name] = inputs[0]!;
  }
  return results;
}

function evaluate(
  layer: Layer,
  inputs: readonly Value[],
  bin: Uint8Array,
  feeds: Readonly<Record<string, Value>>,
): readonly Value[] {
  if (layer.type === 'Parameter') return [feeds[layer.outputs[0]!.names[0]!]!];
  if (layer.type === 'Const') return [constant(layer, bin)];
  if (layer.type === 'Result') return [];
  const rule = rules[`${layer.type} ${layer.version}`];
  if (!rule) throw new Error(`${layer.name}: there is no ${layer.type} of ${layer.version}`);
  return rule(layer, inputs);
}

const size = (shape: readonly number[]): number => shape.reduce((product, d) => product * d, 1);

const numbers = (text: string | undefined): number[] => (text ? text.split(',').map(Number) : []);

function flag({ data, name }: Layer, key: string): boolean {
  if (data[key] !== 'true' && data[key] !== 'false') throw new Error(`${name}: ${key} is ${data[key]}`);
  return data[key] === 'true';
}

function constant({ data, name, outputs }: Layer, bin: Uint8Array): Value {
  const shape = numbers(data.shape);
  const [offset, length] = [Number(data.offset), Number(data.size)];
  if (offset % 64 !== 0 || offset + length > bin.length) throw new Error(`${name}: lies at ${offset}`);
  const { precision } = outputs[0]!;
  const kind = `${data.element_type} ${precision}`;
  const view = new DataView(bin.buffer, bin.byteOffset + offset, length);
  const readers: Readonly<Record<string, [bytes: number, at: (i: number) => number]>> = {
    'f32 FP32': [4, (i) => view.getFloat32(4 * i, true)],
    'f16 FP16': [2, (i) => half(view.getUint16(2 * i, true))],
    'i64 I64': [8, (i) => Number(view.getBigInt64(8 * i, true))],
    'i32 I32': [4, (i) => view.getInt32(4 * i, true)],
    'u8 U8': [1, (i) => view.getUint8(i)],
    'i8 I8': [1, (i) => view.getInt8(i)],
    'boolean BOOL': [1, (i) => view.getUint8(i)],
  };
  const [width, at] = readers[kind]!;
  if (length !== width * size(shape)) throw new Error(`${name}: ${length} bytes for [${shape}]`);
  return { shape, data: Float64Array.from({ length: size(shape) }, (_, i) => at(i)) };
}

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const stridesOf = (shape: readonly number[]): number[] => shape.map((_, axis) => size(shape.slice(axis + 1)));

/** A value of `shape` by the coordinates of each element. */
function build(shape: readonly number[], valueAt: (at: readonly number[]) => number): Value {
  const at = shape.map(() => 0);
  const data = Float64Array.from({ length: size(shape) }, () => {
    const value = valueAt(at);
    for (let axis = shape.length - 1; axis >= 0 && ++at[axis]! === shape[axis]; axis--) at[axis] = 0;
    return value;
  });
  return { shape, data };
}

/** Reads by coordinates, of which missing axes in front and those of size 1 are repeated. */
function reader({ shape, data }: Value): (at: readonly number[]) => number {
  const strides = stridesOf(shape).map((stride, axis) => (shape[axis] === 1 ? 0 : stride));
  return (at) => {
    const lead = at.length - shape.length;
    let index = 0;
    for (let axis = 0; axis < shape.length; axis++) index += strides[axis]! * at[axis + lead]!;
    return data[index]!;
  };
}

function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    if (x !== y && x !== 1 && y !== 1) throw new Error(`[${a}] and [${b}] do not broadcast`);
    return x === 1 ? y : x;
  });
}

const unary =
  (f: (x: number) => number): Rule =>
  (_, [x]) => [{ shape: x!.shape, data: x!.data.map(f) }];

const binary =
  (f: (a: number, b: number) => number): Rule =>
  ({ data, name }, [a, b]) => {
    if (data.auto_broadcast !== 'numpy') throw new Error(`${name}: broadcasts by ${data.auto_broadcast}`);
    const shape = broadcast(a!.shape, b!.shape);
    const [x, y] = [repeated(a!, shape), repeated(b!, shape)];
    return [{ shape, data: x.map((value, i) => f(value, y[i]!)) }];
  };

/** The values under a shape to which they are repeated. */
function repeated(value: Value, shape: readonly number[]): Float64Array {
  if (value.data.length === size(shape)) return value.data;
  const read = reader(value);
  return build(shape, (at) => read(at)).data;
}

/** Abramowitz and Stegun are not precise enough: the series for small values, the continued fraction for large ones. */
function erf(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude > 6) return Math.sign(x);
  let [term, sum] = [magnitude, magnitude];
  for (let n = 1; n < 200; n++) {
    term *= (-magnitude * magnitude) / n;
    const next = sum + term / (2 * n + 1);
    if (next === sum) break;
    sum = next;
  }
  return Math.sign(x) * sum * (2 / Math.sqrt(Math.PI));
}

const reduction =
  (start: number, f: (a: number, b: number) => number, divides = false): Rule =>
  (layer, [x, axes]) => {
    const reduced = new Set([...axes!.data].map((axis) => (axis < 0 ? axis + x!.shape.length : axis)));
    const kept = x!.shape.map((d, axis) => (reduced.has(axis) ? 1 : d));
    const strides = stridesOf(kept).map((stride, axis) => (reduced.has(axis) ? 0 : stride));
    const sums = new Float64Array(size(kept)).fill(start);
    build(x!.shape, (at) => at.reduce((index, c, axis) => index + c * strides[axis]!, 0)).data.forEach(
      (index, i) => {
        sums[index] = f(sums[index]!, x!.data[i]!);
      },
    );
    const shape = flag(layer, 'keep_dims') ? kept : kept.filter((_, axis) => !reduced.has(axis));
    const divisor = divides ? x!.data.length / sums.length : 1;
    return [{ shape, data: sums.map((sum) => sum / divisor) }];
  };

/** x [N, C, H, W], weight [G, O/G, I/G, h, w]. */
function convolve(layer: Layer, x: Value, weight: Value): Value {
  const { data, name } = layer;
  if (data.auto_pad !== 'explicit') throw new Error(`${name}: pads by ${data.auto_pad}`);
  const [n, channels, h, w] = x.shape as [number, number, number, number];
  const [groups, outs, ins, kh, kw] = weight.shape as [number, number, number, number, number];
  if (channels !== groups * ins) throw new Error(`${name}: ${channels} channels for [${weight.shape}]`);
  const [[sy, sx], [dy, dx]] = [numbers(data.strides), numbers(data.dilations)] as [number[], number[]];
  const [[top, left], [bottom, right]] = [numbers(data.pads_begin), numbers(data.pads_end)] as [
    number[],
    number[],
  ];
  const oh = Math.floor((h + top! + bottom! - dy! * (kh - 1) - 1) / sy!) + 1;
  const ow = Math.floor((w + left! + right! - dx! * (kw - 1) - 1) / sx!) + 1;
  const result = new Float64Array(n * groups * outs * oh * ow);
  for (let plane = 0; plane < n * groups * outs; plane++) {
    const image = Math.floor(plane / (groups * outs));
    const out = plane % (groups * outs);
    const firstIn = image * channels + Math.floor(out / outs) * ins;
    for (let i = 0; i < ins; i++)
      for (let ky = 0; ky < kh; ky++)
        for (let kx = 0; kx < kw; kx++) {
          const factor = weight.data[((out * ins + i) * kh + ky) * kw + kx]!;
          // Of the result, columns whose source lies inside.
          const first = Math.max(Math.ceil((left! - kx * dx!) / sx!), 0);
          const last = Math.min(Math.floor((w - 1 + left! - kx * dx!) / sx!), ow - 1);
          for (let y = 0; y < oh; y++) {
            const row = y * sy! - top! + ky * dy!;
            if (row < 0 || row >= h) continue;
            const source = ((firstIn + i) * h + row) * w - left! + kx * dx!;
            const target = (plane * oh + y) * ow;
            for (let column = first; column <= last; column++)
              result[target + column]! += factor * x.data[source + column * sx!]!;
          }
        }
  }
  return { shape: [n, groups * outs, oh, ow], data: result };
}

function matMul(layer: Layer, [a, b]: readonly Value[]): Value {
  const [turnA, turnB] = [flag(layer, 'transpose_a'), flag(layer, 'transpose_b')];
  const [x, y] = [turnA ? turned(a!) : a!, turnB ? turned(b!) : b!];
  const [m, k] = x.shape.slice(-2) as [number, number];
  const [inner, n] = y.shape.slice(-2) as [number, number];
  if (k !== inner) throw new Error(`${layer.name}: ${k} and ${inner}`);
  const lead = broadcast(x.shape.slice(0, -2), y.shape.slice(0, -2));
  const starts = (value: Value) => {
    const shape = value.shape.slice(0, -2);
    const index = { shape, data: Float64Array.from({ length: size(shape) }, (_, i) => i) };
    const read = reader(index);
    return build(lead, (at) => read(at)).data;
  };
  const [fromX, fromY] = [starts(x), starts(y)];
  const result = new Float64Array(size(lead) * m * n);
  for (let batch = 0; batch < size(lead); batch++)
    for (let row = 0; row < m; row++)
      for (let i = 0; i < k; i++) {
        const factor = x.data[(fromX[batch]! * m + row) * k + i]!;
        for (let column = 0; column < n; column++)
          result[(batch * m + row) * n + column]! += factor * y.data[(fromY[batch]! * k + i) * n + column]!;
      }
  return { shape: [...lead, m, n], data: result };
}

function turned(x: Value): Value {
  const axes = x.shape.map((_, i) => i);
  return transposed(x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
}

function transposed(x: Value, order: readonly number[]): Value {
  const strides = stridesOf(x.shape);
  const steps = order.map((axis) => strides[axis]!);
  return build(
    order.map((axis) => x.shape[axis]!),
    (at) => x.data[at.reduce((index, c, axis) => index + c * steps[axis]!, 0)]!,
  );
}

/** Positions along an axis whose values are mixed for a position of the result. */
function taps(layer: Layer, from: number, to: number): (at: number) => [number, number][] {
  const { data, name } = layer;
  const scale = to / from;
  const origin = (at: number): number => {
    if (data.coordinate_transformation_mode === 'half_pixel') return (at + 0.5) / scale - 0.5;
    if (data.coordinate_transformation_mode === 'asymmetric') return at / scale;
    if (data.coordinate_transformation_mode === 'align_corners')
      return to === 1 ? 0 : (at * (from - 1)) / (to - 1);
    throw new Error(`${name}: coordinates by ${data.coordinate_transformation_mode}`);
  };
  const inside = (position: number) => Math.min(Math.max(position, 0), from - 1);
  if (data.mode === 'nearest') {
    if (data.nearest_mode !== 'floor') throw new Error(`${name}: rounds by ${data.nearest_mode}`);
    return (at) => [[inside(Math.floor(origin(at) + 1e-9)), 1]];
  }
  if (data.mode !== 'linear_onnx') throw new Error(`${name}: mode ${data.mode}`);
  return (at) => {
    const position = inside(origin(at));
    const first = Math.floor(position);
    return [
      [first, 1 - (position - first)],
      [inside(first + 1), position - first],
    ];
  };
}

function interpolate(layer: Layer, [x, sizes, axes]: readonly Value[]): Value {
  const { data, name } = layer;
  if (data.shape_calculation_mode !== 'sizes' || flag(layer, 'antialias')) throw new Error(`${name}: mode`);
  if ([...axes!.data].join() !== '2,3') throw new Error(`${name}: axes [${axes!.data}]`);
  if (/[^0, ]/.test(`${data.pads_begin}${data.pads_end}`)) throw new Error(`${name}: pads`);
  const [n, channels, h, w] = x!.shape as [number, number, number, number];
  const [oh, ow] = [...sizes!.data] as [number, number];
  const all = (from: number, to: number) => Array.from({ length: to }, (_, at) => taps(layer, from, to)(at));
  const [rows, columns] = [all(h, oh), all(w, ow)];
  const shape = [n, channels, oh, ow];
  return build(shape, ([image, channel, y, column]) => {
    const start = (image! * channels + channel!) * h;
    let sum = 0;
    for (const [row, a] of rows[y!]!)
      for (const [at, b] of columns[column!]!) sum += a * b * x!.data[(start + row) * w + at]!;
    return sum;
  });
}

function softmax({ data }: Layer, [x]: readonly Value[]): Value {
  const axis = Number(data.axis);
  const [length, inner] = [x!.shape[axis]!, size(x!.shape.slice(axis + 1))];
  const result = new Float64Array(x!.data.length);
  for (let start = 0; start < result.length; start++) {
    if (Math.floor(start / inner) % length !== 0) continue;
    const along = Array.from({ length }, (_, i) => start + i * inner);
    const top = Math.max(...along.map((i) => x!.data[i]!));
    const total = along.reduce((sum, i) => sum + Math.exp(x!.data[i]! - top), 0);
    for (const i of along) result[i] = Math.exp(x!.data[i]! - top) / total;
  }
  return { shape: x!.shape, data: result };
}

function topK(layer: Layer, [x, count]: readonly Value[]): Value[] {
  const { data, name } = layer;
  const axis = Number(data.axis);
  const k = count!.data[0]!;
  if (count!.shape.length > 0 || data.mode !== 'max' || data.sort !== 'value' || !flag(layer, 'stable'))
    throw new Error(`${name}: not by value, the largest first`);
  const read = reader(x!);
  const shape = x!.shape.map((d, i) => (i === axis ? k : d));
  const order = (at: readonly number[]): [value: number, position: number] => {
    const along = Array.from({ length: x!.shape[axis]! }, (_, i) => [
      read(at.map((c, j) => (j === axis ? i : c))),
      i,
    ]) as [number, number][];
    return along.sort((a, b) => b[0] - a[0] || a[1] - b[1])[at[axis]!]!;
  };
  return [build(shape, (at) => order(at)[0]), build(shape, (at) => order(at)[1])];
}

function gather({ data, name }: Layer, [x, indices, axisValue]: readonly Value[]): Value {
  if (axisValue!.shape.length > 0 || data.batch_dims !== '0') throw new Error(`${name}: axis or batch`);
  const axis = axisValue!.data[0]!;
  const read = reader(x!);
  const shape = [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)];
  if (indices!.shape.length !== 1) throw new Error(`${name}: indices [${indices!.shape}]`);
  return build(shape, (at) => read(at.map((c, i) => (i === axis ? indices!.data[c]! : c))));
}

function split({ name }: Layer, [x, axisValue, lengths]: readonly Value[]): Value[] {
  if (axisValue!.shape.length > 0) throw new Error(`${name}: its axis is no scalar`);
  const axis = axisValue!.data[0]!;
  const read = reader(x!);
  let start = 0;
  return [...lengths!.data].map((length) => {
    const first = start;
    start += length;
    return build(
      x!.shape.map((d, i) => (i === axis ? length : d)),
      (at) => read(at.map((c, i) => (i === axis ? c + first : c))),
    );
  });
}

function concat({ data }: Layer, inputs: readonly Value[]): Value {
  const axis = Number(data.axis);
  const starts: number[] = [];
  let total = 0;
  for (const { shape } of inputs) {
    starts.push(total);
    total += shape[axis]!;
  }
  const readers = inputs.map((input) => reader(input));
  return build(
    inputs[0]!.shape.map((d, i) => (i === axis ? total : d)),
    (at) => {
      const which = starts.findLastIndex((start) => start <= at[axis]!);
      return readers[which]!(at.map((c, i) => (i === axis ? c - starts[which]! : c)));
    },
  );
}

function pool(layer: Layer, [x]: readonly Value[]): Value {
  const { data, name } = layer;
  if (data.pads_begin !== '0, 0' || data.pads_end !== '0, 0' || data.kernel !== data.strides)
    throw new Error(`${name}: not side by side`);
  const [kh, kw] = numbers(data.kernel) as [number, number];
  const read = reader(x!);
  const [n, channels, h, w] = x!.shape as [number, number, number, number];
  return build([n, channels, h / kh, w / kw], ([image, channel, y, column]) => {
    let sum = 0;
    for (let i = 0; i < kh; i++)
      for (let j = 0; j < kw; j++) sum += read([image!, channel!, y! * kh + i, column! * kw + j]);
    return sum / (kh * kw);
  });
}

function pad({ data, name }: Layer, [x, begin, end, filler]: readonly Value[]): Value {
  if (data.pad_mode !== 'constant' || filler!.shape.length > 0) throw new Error(`${name}: mode`);
  const read = reader({ ...x! });
  const shape = x!.shape.map((d, i) => d + begin!.data[i]! + end!.data[i]!);
  return build(shape, (at) => {
    const source = at.map((c, i) => c - begin!.data[i]!);
    return source.every((c, i) => c >= 0 && c < x!.shape[i]!) ? read(source) : filler!.data[0]!;
  });
}

function slice([x, start, stop, step, axes]: readonly Value[]): Value {
  const first = x!.shape.map(() => 0);
  const steps = x!.shape.map(() => 1);
  const shape = [...x!.shape];
  [...axes!.data].forEach((axis, i) => {
    first[axis] = start!.data[i]!;
    steps[axis] = step!.data[i]!;
    shape[axis] = Math.ceil((stop!.data[i]! - start!.data[i]!) / step!.data[i]!);
  });
  const read = reader(x!);
  return build(shape, (at) => read(at.map((c, i) => first[i]! + c * steps[i]!)));
}

function scatter({ data, name }: Layer, [x, indices, updates, axisValue]: readonly Value[]): Value {
  if (data.reduction !== 'sum' || data.use_init_val !== 'true') throw new Error(`${name}: reduction`);
  const axis = axisValue!.data[0]!;
  const result = x!.data.slice();
  const strides = stridesOf(x!.shape);
  const read = [reader(indices!), reader(updates!)] as const;
  build(indices!.shape, (at) => {
    const target = at.map((c, i) => (i === axis ? read[0](at) : c));
    result[target.reduce((index, c, i) => index + c * strides[i]!, 0)]! += read[1](at);
    return 0;
  });
  return { shape: x!.shape, data: result };
}

/** By the formula of its page, with ties to the even step. */
function fakeQuantize({ data, name }: Layer, [x, ...ends]: readonly Value[]): Value {
  if (data.auto_broadcast !== 'numpy') throw new Error(`${name}: broadcasts by ${data.auto_broadcast}`);
  const steps = Number(data.levels) - 1;
  const [inLow, inHigh, outLow, outHigh] = ends.map((end) => repeated(end, x!.shape)) as [
    ...[Float64Array, Float64Array, Float64Array, Float64Array],
  ];
  const rounded = (value: number): number => {
    const below = Math.floor(value);
    if (value - below !== 0.5) return Math.round(value);
    return below % 2 === 0 ? below : below + 1;
  };
  const tell = (value: number, i: number): number => {
    if (value <= Math.min(inLow[i]!, inHigh[i]!)) return outLow[i]!;
    if (value > Math.max(inLow[i]!, inHigh[i]!)) return outHigh[i]!;
    const step = rounded(((value - inLow[i]!) / (inHigh[i]! - inLow[i]!)) * steps);
    return (step / steps) * (outHigh[i]! - outLow[i]!) + outLow[i]!;
  };
  return { shape: x!.shape, data: x!.data.map(tell) };
}

const rules: Readonly<Record<string, Rule>> = {
  'FakeQuantize opset1': (layer, inputs) => [fakeQuantize(layer, inputs)],
  'Negative opset1': unary((x) => -x),
  'Exp opset1': unary(Math.exp),
  'Log opset1': unary(Math.log),
  'Sqrt opset1': unary(Math.sqrt),
  'Abs opset1': unary(Math.abs),
  'Erf opset1': unary(erf),
  'Floor opset1': unary(Math.floor),
  'ReLU opset1': unary((x) => Math.max(x, 0)),
  'Sigmoid opset1': unary((x) => 1 / (1 + Math.exp(-x))),
  'Tanh opset1': unary(Math.tanh),
  'LogicalNot opset1': unary((x) => (x ? 0 : 1)),
  'Gelu opset7': (layer, inputs) => {
    if (layer.data.approximation_mode !== 'ERF') throw new Error(`${layer.name}: approximated`);
    return unary((x) => 0.5 * x * (1 + erf(x / Math.SQRT2)))(layer, inputs);
  },
  'Convert opset1': ({ data, name }, [x]) => {
    const convert = { f32: Math.fround, i64: Math.trunc, i32: Math.trunc }[data.destination_type!];
    if (!convert) throw new Error(`${name}: converts to ${data.destination_type}`);
    return [{ shape: x!.shape, data: x!.data.map(convert) }];
  },
  'Add opset1': binary((a, b) => a + b),
  'Subtract opset1': binary((a, b) => a - b),
  'Multiply opset1': binary((a, b) => a * b),
  'Divide opset1': binary((a, b) => a / b),
  'Power opset1': binary((a, b) => a ** b),
  'Maximum opset1': binary(Math.max),
  'Minimum opset1': binary(Math.min),
  'Equal opset1': binary((a, b) => Number(a === b)),
  'Less opset1': binary((a, b) => Number(a < b)),
  'Greater opset1': binary((a, b) => Number(a > b)),
  'GreaterEqual opset1': binary((a, b) => Number(a >= b)),
  'LogicalAnd opset1': binary((a, b) => Number(a !== 0 && b !== 0)),
  'Select opset1': ({ data, name }, [condition, a, b]) => {
    if (data.auto_broadcast !== 'numpy') throw new Error(`${name}: broadcasts by ${data.auto_broadcast}`);
    const shape = broadcast(condition!.shape, broadcast(a!.shape, b!.shape));
    const [read, readA, readB] = [reader(condition!), reader(a!), reader(b!)];
    return [build(shape, (at) => (read(at) ? readA(at) : readB(at)))];
  },
  'ReduceSum opset1': reduction(0, (a, b) => a + b),
  'ReduceMean opset1': reduction(0, (a, b) => a + b, true),
  'ReduceMax opset1': reduction(Number.NEGATIVE_INFINITY, Math.max),
  'SoftMax opset8': (layer, inputs) => [softmax(layer, inputs)],
  'TopK opset11': topK,
  'Squeeze opset1': (_, [x, axes]) => [
    { shape: x!.shape.filter((_, axis) => !axes!.data.includes(axis)), data: x!.data },
  ],
  'CumSum opset3': (layer, [x, axisValue]) => {
    const axis = axisValue!.data[0]!;
    const length = x!.shape[axis]!;
    const read = reader(x!);
    if (flag(layer, 'exclusive')) throw new Error(`${layer.name}: exclusive`);
    const isReverse = flag(layer, 'reverse');
    const sum = (at: readonly number[]): number => {
      let total = 0;
      const [from, to] = isReverse ? [at[axis]!, length - 1] : [0, at[axis]!];
      for (let i = from; i <= to; i++) total += read(at.map((c, j) => (j === axis ? i : c)));
      return total;
    };
    return [build(x!.shape, sum)];
  },
  'GatherElements opset6': ({ data }, [x, indices]) => {
    const axis = Number(data.axis);
    const [read, position] = [reader(x!), reader(indices!)];
    return [build(indices!.shape, (at) => read(at.map((c, i) => (i === axis ? position(at) : c))))];
  },
  'ScatterElementsUpdate opset12': (layer, inputs) => [scatter(layer, inputs)],
  'Reshape opset1': (layer, [x, target]) => {
    if (!flag(layer, 'special_zero')) throw new Error(`${layer.name}: zeros are sizes`);
    const shape = [...target!.data].map((d, axis) => (d === 0 ? x!.shape[axis]! : d));
    return [{ shape, data: x!.data }];
  },
  'Transpose opset1': (_, [x, order]) => [transposed(x!, [...order!.data])],
  'Concat opset1': (layer, inputs) => [concat(layer, inputs)],
  'VariadicSplit opset1': split,
  'Slice opset8': (_, inputs) => [slice(inputs)],
  'Pad opset1': (layer, inputs) => [pad(layer, inputs)],
  'Broadcast opset3': ({ data, name }, [x, target]) => {
    if (data.mode !== 'bidirectional') throw new Error(`${name}: mode ${data.mode}`);
    const read = reader(x!);
    return [build(broadcast(x!.shape, [...target!.data]), (at) => read(at))];
  },
  'Gather opset8': (layer, inputs) => [gather(layer, inputs)],
  'MatMul opset1': (layer, inputs) => [matMul(layer, inputs)],
  'Convolution opset1': (layer, [x, weight]) => [
    convolve(layer, x!, { shape: [1, ...weight!.shape], data: weight!.data }),
  ],
  'GroupConvolution opset1': (layer, [x, weight]) => [convolve(layer, x!, weight!)],
  'AvgPool opset1': (layer, inputs) => [pool(layer, inputs)],
  'Interpolate opset11': (layer, inputs) => [interpolate(layer, inputs)],
};
