/** @file A model for OpenVINO as a graph: its layers one after the other, each held against the shapes that the file claims. */

import { messageOf } from '../../../base/errors.js';
import { shortened } from '../../../base/text.js';
import { input, type Tensor, withScope } from '../../../graph/index.js';
import { Constants, dtypeOf, parseShape } from './constants.js';
import { type IrDocument, type IrLayer, named } from './document.js';
import { Allowance, LayerReader } from './layer-reader.js';
import { meaningOf } from './operators.js';
import { refuseIr, UnusableIr } from './unusable-ir.js';

/** What is run. */
export interface IrGraph {
  /** `input`, for one image. */
  readonly input: Tensor;
  readonly outputs: Readonly<Record<string, Tensor>>;
}

/** Name of the input and of the most important output in files of this project and of the reference. */
const [INPUT, OUTPUT] = ['input', 'output'];

/** An open batch size is that of one image. */
const ONE = 1;

/** What no tensor is larger than that any machine here holds. */
const MOST_VALUES = 2 ** 40;

/** Of a node, and of a message of the graph. */
const [LONGEST_SCOPE, LONGEST_REASON] = [100, 300];

/** What layers are made of besides their inputs. */
interface Given {
  readonly constants: Constants;
  readonly allowance: Allowance;
}

/**
 * @param bin the file of constants.
 * @param most bytes of all constants together.
 * @throws UnusableIr
 */
export function graphOf({ layers }: IrDocument, bin: Uint8Array, most: number): IrGraph {
  const results = layers.filter(({ type }) => type === 'Result');
  const parameters = layers.filter(({ type }) => type === 'Parameter');
  if (parameters.length !== 1) refuseIr(`it has ${parameters.length} inputs; one is expected`);
  if (results.length === 0) refuseIr('it has no result');
  const given = { constants: new Constants(bin, most), allowance: new Allowance() };
  const values = new Map<IrLayer, readonly Tensor[]>();
  for (const layer of inOrder(results)) {
    const inputs = layer.sources.map((source) => values.get(source.layer)![source.output]!);
    expectClaims(layer, 'input', layer.inputs, inputs);
    values.set(layer, layer.type === 'Result' ? inputs : outputsOf(layer, inputs, given));
  }
  // A network whose answer does not depend on its input has it all the same.
  const [parameter] = parameters as [IrLayer];
  const [images] = values.get(parameter) ?? outputsOf(parameter, [], given);
  const outputs = results.map((result) => [nameOf(result, results), values.get(result)![0]!] as const);
  return { input: images!, outputs: Object.fromEntries(outputs) };
}

function nameOf({ sources, name }: IrLayer, results: readonly IrLayer[]): string {
  const [{ layer, output }] = sources as [IrLayer['sources'][number]];
  const { names } = layer.outputs[output]!;
  if (names.includes(OUTPUT!) || results.length === 1) return OUTPUT!;
  return names[0] ?? name;
}

/** Layers that the results need, each behind those that feed it. */
function inOrder(results: readonly IrLayer[]): IrLayer[] {
  const order: IrLayer[] = [];
  const state = new Map<IrLayer, 'open' | 'done'>();
  const stack = [...results].reverse();
  for (let layer = stack.at(-1); layer; layer = stack.at(-1)) {
    const before = state.get(layer);
    if (before !== undefined) {
      stack.pop();
      if (before === 'open') order.push(layer);
      state.set(layer, 'done');
      continue;
    }
    state.set(layer, 'open');
    for (const source of layer.sources) {
      const found = state.get(source.layer);
      if (found === 'open')
        refuseIr(`layer ${named(layer.name)} needs its own result: its edges run in a circle`);
      if (found === undefined) stack.push(source.layer);
    }
  }
  return order;
}

function outputsOf(layer: IrLayer, inputs: readonly Tensor[], given: Given): readonly Tensor[] {
  const found = made(layer, inputs, given);
  expectClaims(layer, 'output', layer.outputs, found);
  return found;
}

/** Holds sizes that the file claims against those that there are. */
function expectClaims(
  { name }: IrLayer,
  side: 'input' | 'output',
  ports: IrLayer['inputs'],
  tensors: readonly Tensor[],
): void {
  ports.forEach(({ dims }, i) => {
    const where = () => `${side} ${i} of layer ${named(name)}`;
    const { shape, size } = tensors[i] ?? refuseIr(`there is no ${where()}`);
    if (!(size <= MOST_VALUES)) refuseIr(`${where()} is [${shape}], which no machine holds`);
    const fits = dims.length === shape.length && dims.every((d, axis) => d === -1 || d === shape[axis]);
    if (!fits) refuseIr(`${where()} is said to be [${dims}], and is [${shape}]`);
  });
}

function made(layer: IrLayer, inputs: readonly Tensor[], { constants, allowance }: Given): readonly Tensor[] {
  if (layer.type === 'Const') return [constants.read(layer)];
  if (layer.type === 'Parameter') return [parameterOf(layer)];
  try {
    return withScope(shortened(layer.name, LONGEST_SCOPE), () =>
      meaningOf(new LayerReader(layer, inputs, allowance)),
    );
  } catch (error) {
    if (error instanceof UnusableIr) throw error;
    return refuseIr(
      `layer ${named(layer.name)} makes no sense (${shortened(messageOf(error), LONGEST_REASON)})`,
    );
  }
}

function parameterOf({ name, data }: IrLayer): Tensor {
  const where = `layer ${named(name)}`;
  const sizes = parseShape(data.shape ?? '', where);
  const shape = sizes.map((size, axis) => (axis === 0 && size === -1 ? ONE : size));
  if (shape.includes(-1)) refuseIr(`${where} leaves other sizes open than the number of images`);
  if (dtypeOf(data.element_type, where) !== 'float32') {
    refuseIr(`${where} takes ${named(data.element_type ?? '')}; inputs of floating-point numbers are read`);
  }
  return input(INPUT!, 'float32', shape);
}
