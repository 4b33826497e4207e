/**
 * @file Resizes of a file: every coordinate mode, nearest, linear and cubic, along any axes. One along an axis is a choice
 * of positions or a matrix of constants; those that the vocabulary has become its operators, which kernels know.
 */
import {
  add,
  constant,
  matMul,
  resizeBilinear,
  resizeNearest,
  separableMap,
  take,
  transpose,
} from '../builders.js';
import { nearestIndices } from '../resampling.js';
import { normalizeAxis } from '../shape-rules.js';
import type { Tensor } from '../tensor.js';
import type { Call, Importer } from './call.js';
import { checkKnownSize } from './values.js';

/** Of the matrix of one axis: that of 4096 pixels from as many. */
const MOST_WEIGHTS = 2 ** 24;

/** Resize along one axis. */
interface AxisPlan {
  readonly axis: number;
  readonly from: number;
  readonly to: number;
  readonly scale: number;
  /** Part of the axis that is cut out first, for the mode that crops. */
  readonly crop: readonly [number, number];
}

interface Mode {
  readonly kind: string;
  readonly coordinates: string;
  readonly nearest: string;
  readonly cubic: number;
  readonly excludeOutside: boolean;
  readonly outside: number;
  /** As of the state of the import. */
  readonly spend: (values: number) => void;
}

/** Where a value of the result lies in the input, in its pixels. Single precision where rounding decides. */
function source(i: number, { from, to, scale, crop }: AxisPlan, coordinates: string): number {
  switch (coordinates) {
    case 'half_pixel':
      return (i + 0.5) / scale - 0.5;
    case 'half_pixel_symmetric': {
      const adjustment = to / (scale * from);
      return (from / 2) * (1 - adjustment) + (i + 0.5) / scale - 0.5;
    }
    case 'pytorch_half_pixel':
      return to > 1 ? (i + 0.5) / scale - 0.5 : 0;
    case 'align_corners':
      return to > 1 ? (i * (from - 1)) / (to - 1) : 0;
    case 'asymmetric':
      return i / scale;
    case 'tf_half_pixel_for_nn':
      return (i + 0.5) / scale;
    case 'tf_crop_and_resize':
      return to > 1
        ? crop[0] * (from - 1) + (i * (crop[1] - crop[0]) * (from - 1)) / (to - 1)
        : 0.5 * (crop[0] + crop[1]) * (from - 1);
    default:
      throw new Error(`coordinates of mode "${coordinates}" are not imported`);
  }
}

function rounded(value: number, nearest: string): number {
  const x = Math.fround(value);
  switch (nearest) {
    case 'floor':
      return Math.floor(x);
    case 'ceil':
      return Math.ceil(x);
    case 'round_prefer_ceil':
      return Math.floor(x + 0.5);
    case 'round_prefer_floor':
      return Math.ceil(x - 0.5);
    default:
      throw new Error(`rounding "${nearest}" is not imported`);
  }
}

function sources(plan: AxisPlan, { coordinates, spend }: Mode): number[] {
  spend(checkKnownSize([plan.to]));
  return Array.from({ length: plan.to }, (_, i) => source(i, plan, coordinates));
}

const clamped = (i: number, length: number): number => Math.min(Math.max(i, 0), length - 1);

/** Whether a position lies outside of the image, where the mode that crops fills in a number. */
const isOutside = (at: number, { from }: AxisPlan, { coordinates }: Mode): boolean =>
  coordinates === 'tf_crop_and_resize' && (at < 0 || at > from - 1);

function weightsOf(at: number, plan: AxisPlan, mode: Mode): [position: number, weight: number][] {
  const low = Math.floor(at);
  const t = at - low;
  if (mode.kind === 'linear') {
    const inside = Math.min(Math.max(at, 0), plan.from - 1);
    const left = Math.min(Math.floor(inside), plan.from - 1);
    return [
      [left, 1 - (inside - left)],
      [clamped(left + 1, plan.from), inside - left],
    ];
  }
  const a = mode.cubic;
  const near = (d: number) => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number) => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  const taps = [far(1 + t), near(t), near(1 - t), far(2 - t)];
  const all = taps.map((weight, i): [number, number] => [low - 1 + i, weight]);
  if (!mode.excludeOutside) return all.map(([i, weight]) => [clamped(i, plan.from), weight]);
  const inside = all.filter(([i]) => i >= 0 && i < plan.from);
  const sum = inside.reduce((total, [, weight]) => total + weight, 0);
  return inside.map(([i, weight]) => [i, weight / sum]);
}

/** [to, from]; rows of zeros for what lies outside. */
function matrixOf(plan: AxisPlan, mode: Mode): Tensor {
  mode.spend(checkKnownSize([plan.to, plan.from], MOST_WEIGHTS));
  const data = new Float32Array(plan.to * plan.from);
  sources(plan, mode).forEach((at, row) => {
    if (isOutside(at, plan, mode)) return;
    for (const [i, weight] of weightsOf(at, plan, mode)) data[row * plan.from + i]! += weight;
  });
  return constant(data, [plan.to, plan.from]);
}

const indicesOf = (plan: AxisPlan, mode: Mode): number[] =>
  sources(plan, mode).map((at) => clamped(rounded(at, mode.nearest), plan.from));

/** matrix · x along one axis. */
function along(x: Tensor, axis: number, matrix: Tensor): Tensor {
  const last = x.rank - 1;
  const perm = x.shape.map((_, i) => (i === axis ? last : i === last ? axis : i));
  return transpose(matMul(transpose(x, perm), transpose(matrix, [1, 0])), perm);
}

const isSpatial = (x: Tensor, plans: readonly AxisPlan[]): boolean =>
  x.rank === 4 && plans.every(({ axis }) => axis >= 2);

/** Height and width of the result of a resize of maps. */
const sizeOfMap = (x: Tensor, plans: readonly AxisPlan[]): [number, number] => {
  const side = (axis: number) => plans.find((plan) => plan.axis === axis)?.to ?? x.shape[axis]!;
  return [side(2), side(3)];
};

function resizedNearest(x: Tensor, plans: readonly AxisPlan[], mode: Mode): Tensor {
  const chosen = plans.map((plan) => indicesOf(plan, mode));
  const isPlain = plans.every(({ from, to }, i) =>
    nearestIndices(from, to).every((index, at) => index === chosen[i]![at]),
  );
  if (isSpatial(x, plans) && isPlain) return resizeNearest(x, sizeOfMap(x, plans));
  return plans.reduce((result, { axis }, i) => take(result, axis, chosen[i]!), x);
}

function resizedLinear(x: Tensor, plans: readonly AxisPlan[], mode: Mode): Tensor {
  const isExact = plans.every(({ from, to, scale }) => Math.fround(to / from) === Math.fround(scale));
  const corners = mode.coordinates === 'align_corners';
  const centers =
    mode.coordinates === 'half_pixel' ||
    mode.coordinates === 'half_pixel_symmetric' ||
    (mode.coordinates === 'pytorch_half_pixel' && plans.every(({ to }) => to > 1));
  if (mode.kind === 'linear' && isSpatial(x, plans) && (corners || (centers && isExact)))
    return resizeBilinear(x, sizeOfMap(x, plans), corners);
  const matrices = plans.map((plan) => matrixOf(plan, mode));
  const result =
    isSpatial(x, plans) && plans.length === 2
      ? separableMap(x, matrices[0]!, matrices[1]!)
      : plans.reduce((map, { axis }, i) => along(map, axis, matrices[i]!), x);
  return mode.outside === 0 ? result : filledOutside(result, plans, mode);
}

/** What lies outside is zero so far. */
function filledOutside(y: Tensor, plans: readonly AxisPlan[], mode: Mode): Tensor {
  const shape = y.shape.map((d, i) => (plans.some(({ axis }) => axis === i) ? d : 1));
  const outside = shape.map((_, axis) => {
    const plan = plans.find((one) => one.axis === axis);
    return plan ? sources(plan, mode).map((at) => isOutside(at, plan, mode)) : [false];
  });
  checkKnownSize(shape);
  let filling = [0];
  for (const flags of outside)
    filling = filling.flatMap((value) => flags.map((flag) => (flag || value !== 0 ? mode.outside : 0)));
  return filling.every((value) => value === 0) ? y : add(y, constant(filling, shape));
}

function modeOf(call: Call): Mode {
  if (call.int('antialias', 0) === 1) throw new Error('antialiasing is not imported');
  if (call.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch')
    throw new Error('sizes that keep the aspect ratio are not imported');
  const old = call.opset < 11;
  return {
    kind: call.text('mode', 'nearest'),
    coordinates: old ? 'asymmetric' : call.text('coordinate_transformation_mode', 'half_pixel'),
    nearest: old ? 'floor' : call.text('nearest_mode', 'round_prefer_floor'),
    cubic: call.float('cubic_coeff_a', -0.75),
    excludeOutside: call.int('exclude_outside', 0) === 1,
    outside: call.float('extrapolation_value', 0),
    spend: (values) => call.state.spend(values),
  };
}

/** @param scaleInput which input the scales are, of which the older versions have no other. */
function plansOf(call: Call, x: Tensor, scaleInput: number): AxisPlan[] {
  const listed = (index: number): number[] | undefined => {
    if (!call.has(index)) return undefined;
    const list = call.known(index, 'the scales or sizes').list();
    return list.length > 0 ? list : undefined;
  };
  const scales = listed(scaleInput) ?? call.floatList('scales');
  const sizes = scaleInput === 2 ? listed(3) : undefined;
  const named = call.intList('axes');
  const axes =
    named && named.length > 0
      ? named.map((axis) => normalizeAxis(axis, x.rank))
      : x.shape.map((_, axis) => axis);
  const given = sizes ?? scales;
  if (given?.length !== axes.length)
    throw new Error(`${given?.length ?? 0} scales or sizes do not fit the ${axes.length} axes`);
  const roi = scaleInput === 2 ? (listed(1) ?? []) : [];
  const plans = axes.map((axis, i): AxisPlan => {
    const from = x.shape[axis]!;
    const to = sizes ? sizes[i]! : Math.floor(Math.fround(from * scales![i]!));
    const crop = [roi[i] ?? 0, roi[i + axes.length] ?? 1] as const;
    return { axis, from, to, scale: sizes ? to / from : scales![i]!, crop };
  });
  const wrong = plans.find(({ to }) => !(Number.isInteger(to) && to > 0));
  if (wrong) throw new Error(`axis ${wrong.axis} of [${x.shape}] would get the size ${wrong.to}`);
  return plans.filter(
    ({ from, to, scale, crop }) => from !== to || scale !== 1 || crop[0] !== 0 || crop[1] !== 1,
  );
}

const resize =
  (scaleInput: number): Importer =>
  (call) => {
    const x = call.tensor(0);
    const mode = modeOf(call);
    const plans = plansOf(call, x, scaleInput);
    if (plans.length === 0) return x;
    if (mode.kind === 'nearest') return resizedNearest(x, plans, mode);
    if (mode.kind !== 'linear' && mode.kind !== 'cubic')
      throw new Error(`interpolation "${mode.kind}" is not imported`);
    return resizedLinear(x, plans, mode);
  };

export const resizes: Readonly<Record<string, Importer>> = {
  Resize: (call) => resize(call.opset < 11 ? 1 : 2)(call),
  Upsample: (call) => resize(1)(call),
};
