/**
 * @file Depthwise convolutions as one operator each, with the batch norm or GELU behind them; and both gradients of one as
 * one operator, with that of the norm or GELU before them. What lies between a convolution and its norm or GELU is stored only
 * where something else reads it: the gradients compute it again.
 */
import type { AnyNode, Node, Tensor, TensorType } from '../tensor.js';
import type { ConvAttributes, OnnxAttribute } from '../vocabulary.js';
import { fusedOp, fuseWith, type Matching } from './matching.js';
import { reluBehind, unmasked } from './norms.js';

/** @param withNorms whether norms behind convolutions become part of them. */
export function fuseDepthwise(
  outputs: readonly Tensor[],
  { withNorms }: { readonly withNorms: boolean },
): Tensor[] {
  return fuseWith(outputs, (node, matching) => {
    if (isDepthwise(node)) {
      const normed = withNorms ? withNorm(node, matching) : undefined;
      return normed ?? withGelu(node, matching) ?? alone(node, matching);
    }
    if (node.op === 'batchNormGrad' && withNorms) return gradientsWithNorm(node, matching);
    if (node.op === 'geluGrad') return gradientsWithGelu(node, matching);
    if (node.op === 'convInputGrad') return gradientsAlone(node, matching);
    return undefined;
  });
}

/** As many as the kernel's table of sums has places for. */
const MOST_TAPS = 256;

function isDepthwise(node: AnyNode): node is Node<'conv'> {
  return node.op === 'conv' && covers(node.attributes, node.inputs[0]!, node.inputs[1]!);
}

function covers({ group, dilations, pads }: ConvAttributes, x: Tensor, weight: Tensor): boolean {
  const [out, inner, h, w] = weight.shape as [number, number, number, number];
  if (group < 2 || group !== x.shape[1] || out !== group || inner !== 1) return false;
  return dilations.every((d) => d === 1) && pads[0] < h && pads[1] < w && h * w <= MOST_TAPS;
}

function geometry({ strides, pads }: ConvAttributes, y: Tensor): Readonly<Record<string, OnnxAttribute>> {
  return {
    strides: { ints: strides },
    pads: { ints: pads.slice(0, 2) },
    size: { ints: y.shape.slice(2) },
  };
}

const vector = (size: number): TensorType => ({ dtype: 'float32', shape: [size] });

function alone(node: Node<'conv'>, { current }: Matching): readonly Tensor[] {
  const y = node.outputs[0]!;
  return fusedOp('Depthwise', node.inputs.map(current), [y], geometry(node.attributes, y));
}

function withGelu(node: Node<'conv'>, matching: Matching): readonly (Tensor | undefined)[] | undefined {
  const y = node.outputs[0]!;
  const readers = matching.readers(y);
  const gelu = readers.find(({ op }) => op === 'gelu');
  if (!gelu) return undefined;
  const isStored = readers.some(
    (reader) => reader !== gelu && !(reader.op === 'geluGrad' && behindGelu(reader, matching)),
  );
  const [activated, plain] = fusedOp(
    'Depthwise',
    node.inputs.map(matching.current),
    isStored || matching.isResult(y) ? [y, y] : [y],
    { ...geometry(node.attributes, y), gelu: { int: 1 } },
  );
  matching.replace(gelu, [activated!]);
  return [plain];
}

function withNorm(node: Node<'conv'>, matching: Matching): readonly (Tensor | undefined)[] | undefined {
  const [x, weight, bias] = node.inputs as [Tensor, Tensor, Tensor?];
  const y = node.outputs[0]!;
  const readers = matching.readers(y);
  const norm = readers.find(({ op }) => op === 'batchNorm') as Node<'batchNorm'> | undefined;
  if (!norm || bias) return undefined;
  const [, scale, shift] = norm.inputs as [Tensor, Tensor, Tensor];
  // What goes into the norm beside the map may come later in the graph than the convolution.
  if ([scale, shift].some((parameter) => parameter.node.id > node.id)) return undefined;
  const relu = reluBehind(norm.outputs[0]!, matching);
  const isStored = readers.some(
    (reader) => reader !== norm && !(reader.op === 'batchNormGrad' && behindNorm(reader, matching)),
  );
  const statistics = vector(y.shape[1]!);
  const [normed, mean, variance, plain] = fusedOp(
    'DepthwiseNorm',
    [x, weight, scale, shift].map(matching.current),
    [y, statistics, statistics, ...(isStored || matching.isResult(y) ? [y] : [])],
    {
      ...geometry(node.attributes, y),
      epsilon: { float: norm.attributes.epsilon },
      relu: { int: relu ? 1 : 0 },
    },
  );
  matching.replace(norm, [normed!, mean!, variance!]);
  if (relu) matching.replace(relu, [normed!]);
  return [plain];
}

/** The nodes that compute the gradients of one convolution from the gradient of its result. */
interface Gradients {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly ofInput: Node<'convInputGrad'>;
  readonly ofWeight: Node<'convWeightGrad'>;
  readonly ofBias: readonly AnyNode[];
}

const isChannelSum = (node: AnyNode): boolean =>
  node.op === 'reduceSum' && node.attributes.axes.join() === '0,2,3' && !node.attributes.keepDims;

/** @param dy gradient of the result. @param besideOthers whether other nodes may read it too */
function gradientsOf(
  conv: Node<'conv'>,
  dy: Tensor,
  { readers }: Matching,
  besideOthers = false,
): Gradients | undefined {
  const [x, weight] = conv.inputs as [Tensor, Tensor];
  const all = readers(dy);
  const ofInput = all.find(
    (node): node is Node<'convInputGrad'> => node.op === 'convInputGrad' && node.inputs[1] === weight,
  );
  const ofWeight = all.find(
    (node): node is Node<'convWeightGrad'> => node.op === 'convWeightGrad' && node.inputs[0] === x,
  );
  const ofBias = all.filter(isChannelSum);
  if (!ofInput || !ofWeight) return undefined;
  const isComplete = all.length === 2 + ofBias.length;
  return isComplete || besideOthers ? { x, weight, ofInput, ofWeight, ofBias } : undefined;
}

/** The convolution before a norm or GELU, and its gradients, where one operator computes them with that of the former. */
interface Behind extends Gradients {
  readonly conv: Node<'conv'>;
}

function behindNorm(node: Node<'batchNormGrad'>, matching: Matching): Behind | undefined {
  const conv = node.inputs[1]!.node as AnyNode;
  if (!isDepthwise(conv) || conv.inputs.length > 2) return undefined;
  const found = gradientsOf(conv, node.outputs[0]!, matching);
  return found && found.ofBias.length === 0 ? { ...found, conv } : undefined;
}

function behindGelu(node: Node<'geluGrad'>, matching: Matching): Behind | undefined {
  const conv = node.inputs[1]!.node as AnyNode;
  if (!isDepthwise(conv)) return undefined;
  const found = gradientsOf(conv, node.outputs[0]!, matching);
  return found && { ...found, conv };
}

function gradientsWithNorm(
  node: Node<'batchNormGrad'>,
  matching: Matching,
): readonly (Tensor | undefined)[] | undefined {
  const [dy, y, scale, mean, variance] = node.inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const found = behindNorm(node, matching);
  if (!found) return undefined;
  const { gradient, relu } = unmasked(dy, mean, matching);
  const { x, weight, conv } = found;
  const shift = mean.node.inputs[2]!;
  const [dx, dweight, dscale, dshift] = fusedOp(
    'DepthwiseNormGrad',
    [gradient, x, weight, scale, shift, mean, variance].map(matching.current),
    [x, weight, scale, shift],
    {
      ...geometry(conv.attributes, y),
      epsilon: { float: node.attributes.epsilon },
      relu: { int: relu ? 1 : 0 },
    },
  );
  matching.replace(found.ofInput, [dx!]);
  matching.replace(found.ofWeight, [dweight!]);
  return [undefined, dscale!, dshift!];
}

function gradientsWithGelu(
  node: Node<'geluGrad'>,
  matching: Matching,
): readonly (Tensor | undefined)[] | undefined {
  const [dy, before] = node.inputs as [Tensor, Tensor];
  const found = behindGelu(node, matching);
  if (!found) return undefined;
  const bias = found.conv.inputs.slice(2);
  emit(found, found.conv, [dy, found.x, found.weight, ...bias], before, matching, true);
  return [undefined];
}

function gradientsAlone(node: Node<'convInputGrad'>, matching: Matching): readonly Tensor[] | undefined {
  const [dy, weight] = node.inputs as [Tensor, Tensor];
  // Where weights are shared, several convolutions read them; one of them has this gradient.
  for (const conv of matching.readers(weight)) {
    if (!isDepthwise(conv)) continue;
    const found = gradientsOf(conv, dy, matching, true);
    if (found?.ofInput === node)
      return [emit(found, conv, [dy, found.x, weight], conv.outputs[0]!, matching)];
  }
  return undefined;
}

/** Puts one operator in the place of the nodes that were found; gives the gradient of the input. */
function emit(
  { x, weight, ofInput, ofWeight, ofBias }: Gradients,
  conv: Node<'conv'>,
  inputs: readonly Tensor[],
  y: Tensor,
  { current, readers, replace }: Matching,
  gelu = false,
): Tensor {
  // The bias of the layer before, if it has one.
  const ofBiasBefore = readers(ofInput.outputs[0]!).filter(isChannelSum);
  const channels = vector(y.shape[1]!);
  const [dx, dweight, dbias, dxSum] = fusedOp(
    'DepthwiseGrad',
    inputs.map(current),
    [x, weight, channels, ...(ofBiasBefore.length > 0 ? [channels] : [])],
    { ...geometry(conv.attributes, y), gelu: { int: gelu ? 1 : 0 } },
  );
  replace(ofInput, [dx!]);
  replace(ofWeight, [dweight!]);
  for (const node of ofBias) replace(node, [dbias!]);
  for (const node of ofBiasBefore) replace(node, [dxSum!]);
  return dx!;
}
