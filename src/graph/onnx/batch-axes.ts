/**
 * @file Proves that a graph treats the samples of a batch independently, so that its batch size may be left open.
 * Walks the graph once and notes for every tensor which axis holds the samples; an operator that would mix samples,
 * or whose written form would fix their number, is an error that names it.
 */
import { OtxError } from '../../base/errors.js';
import { BROADCASTING } from '../broadcasting.js';
import { type AnyNode, formatType, reachableNodes, type Tensor } from '../tensor.js';
import type { OpName } from '../vocabulary.js';

/** Literal operators (made by lowerings) that keep the leading axis of their first input and take no other data. */
const sampleWise = new Set([
  'HardSigmoid',
  'HardSwish',
  'LeakyRelu',
  'Clip',
  'Identity',
  'Gelu',
  'Erf',
  'Relu',
]);
/** Literal operators on [N, C, H, W] maps, whose other inputs are weights. */
const mapWise = new Set([
  'Conv',
  'ConvTranspose',
  'AveragePool',
  'MaxPool',
  'GlobalAveragePool',
  'Resize',
  'BatchNormalization',
]);

/**
 * Axis of the samples for every tensor that depends on `inputs`; tensors that do not are absent.
 * @throws OtxError `graph` when an operator mixes samples or fixes the batch size.
 */
export function findBatchAxes(inputs: readonly Tensor[], outputs: readonly Tensor[]): Map<Tensor, number> {
  const batch = inputs[0]?.shape[0];
  if (batch === 1)
    throw new OtxError(
      'graph',
      'the batch size cannot be left open: the graph is built for one sample, which tells nothing of whether samples mix; build it ' +
        'for two',
    );
  const axes = new Map<Tensor, number>();
  for (const tensor of inputs) {
    if (batch === undefined || tensor.shape[0] !== batch)
      throw new OtxError(
        'graph',
        `the batch size cannot be left open: inputs [${inputs.map(formatType).join(', ')}] do not share a leading dimension`,
      );
    axes.set(tensor, 0);
  }
  for (const node of reachableNodes(outputs)) {
    if (!node.inputs.some((tensor) => axes.has(tensor))) continue;
    const axis = batchAxisOf(node, axes);
    if (axis === undefined || node.outputs.some((tensor) => tensor.shape[axis] !== batch))
      throw new OtxError(
        'graph',
        `the batch size cannot be left open: ${node.op}(${node.inputs.map(formatType).join(', ')}) → ${node.outputs
          .map(formatType)
          .join(', ')}${node.scope ? ` in ${node.scope}` : ''} mixes samples or fixes their number`,
      );
    for (const tensor of node.outputs) axes.set(tensor, axis);
  }
  return axes;
}

/** Axis of the samples in the outputs of `node`, of which at least one input has one; undefined if they get mixed. */
function batchAxisOf(node: AnyNode, axes: ReadonlyMap<Tensor, number>): number | undefined {
  const [x, y] = node.inputs as [Tensor, Tensor?];
  const axis = axes.get(x);
  const rank = node.outputs[0]!.rank;
  const keep = (unless: boolean): number | undefined => (unless ? undefined : axis);
  if (isElementwise(node)) return broadcastAxis(node, axes);
  const onlyFirstIsBatched = node.inputs.slice(1).every((tensor) => !axes.has(tensor));

  switch (node.op) {
    case 'reduceSum':
    case 'reduceMean':
    case 'reduceMax': {
      const { axes: reduced, keepDims } = node.attributes;
      if (axis === undefined || reduced.includes(axis)) return undefined;
      return keepDims ? axis : axis - reduced.filter((a) => a < axis).length;
    }
    case 'argMax': {
      if (axis === undefined || node.attributes.axis === axis) return undefined;
      return node.attributes.keepDims || node.attributes.axis > axis ? axis : axis - 1;
    }
    case 'softmax':
    case 'split':
    case 'take':
    case 'sort':
    case 'cumSum':
      return keep(node.attributes.axis === axis);
    case 'gatherElements':
    case 'scatterElements':
    case 'concat':
      return keep(node.attributes.axis === axis || node.inputs.some((tensor) => axes.get(tensor) !== axis));
    case 'slice':
      return keep(node.attributes.axes.includes(axis!));
    case 'pad':
      return keep(node.attributes.pads[axis!] !== 0 || node.attributes.pads[axis! + x.rank] !== 0);
    case 'transpose':
      return node.attributes.perm.indexOf(axis!);
    case 'reshape':
      // The dimension must lead on both sides: only then is it written as "copy".
      return keep(axis !== 0);
    case 'expand':
      return axis! + rank - x.rank === 0 ? 0 : undefined;
    case 'matMul': {
      if (node.inputs.some((tensor) => axes.has(tensor) && axes.get(tensor)! >= tensor.rank - 2)) {
        const rowsOfLeft = axis === x.rank - 2 && !node.attributes.transA && !axes.has(y!);
        return rowsOfLeft ? rank - 2 : undefined;
      }
      return broadcastAxis(node, axes);
    }
    case 'conv':
    case 'averagePool':
    case 'maxPool':
    case 'resizeNearest':
    case 'resizeBilinear':
      return keep(axis !== 0 || !onlyFirstIsBatched);
    case 'onnx': {
      const { opType, domain } = node.attributes;
      if (domain === '' && sampleWise.has(opType)) return keep(!onlyFirstIsBatched);
      if (domain === '' && mapWise.has(opType)) return keep(axis !== 0 || !onlyFirstIsBatched);
      return undefined;
    }
    case 'input':
    case 'constant':
    case 'convInputGrad':
    case 'convWeightGrad':
    case 'batchNorm':
    case 'batchNormGrad':
    case 'crossEntropy':
    case 'crossEntropyGrad':
    case 'upperQuantile':
      return undefined;
    case 'quantizeLinear':
    case 'dequantizeLinear':
    case 'fakeQuantize':
      // A scale for each sample would fix their number.
      return keep(!onlyFirstIsBatched || (y!.rank > 0 && node.attributes.axis === axis));
    default:
      return unclassified(node);
  }
}

/** Each value follows from those at its place. */
const ELEMENTWISE = [
  'neg',
  'exp',
  'log',
  'sqrt',
  'reciprocal',
  'abs',
  'erf',
  'floor',
  'relu',
  'sigmoid',
  'tanh',
  'gelu',
  'geluGrad',
  'positive',
  'not',
  'stopGradient',
  'cast',
  ...BROADCASTING,
] as const satisfies readonly OpName[];

type ElementwiseNode = Extract<AnyNode, { readonly op: (typeof ELEMENTWISE)[number] }>;

const isElementwise = (node: AnyNode): node is ElementwiseNode =>
  (ELEMENTWISE as readonly OpName[]).includes(node.op);

/** An operator without a case above does not compile: what nobody has thought about must not pass for elementwise. */
function unclassified(_: never): undefined {
  return undefined;
}

/** Elementwise operators: the batched inputs agree on the axis, counted from the right, and the others are 1 there. */
function broadcastAxis(node: AnyNode, axes: ReadonlyMap<Tensor, number>): number | undefined {
  const rank = node.outputs[0]!.rank;
  let result: number | undefined;
  for (const tensor of node.inputs) {
    if (!axes.has(tensor)) continue;
    const aligned = axes.get(tensor)! + rank - tensor.rank;
    if (result !== undefined && result !== aligned) return undefined;
    result = aligned;
  }
  for (const tensor of node.inputs)
    if (!axes.has(tensor) && (tensor.shape[result! - rank + tensor.rank] ?? 1) !== 1) return undefined;
  return result;
}
