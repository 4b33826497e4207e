/** @file Layers of a file in the making: what operators need besides their own layer, such as axes as constants. */

import { OtxError } from '../../base/errors.js';
import { toHalves } from '../../base/half.js';
import {
  type AnyNode,
  type DType,
  formatType,
  type Node,
  type Tensor,
  type TensorData,
  type TensorType,
} from '../../graph/index.js';
import { littleEndianBytes } from '../../graph/onnx/serialize.js';
import type { IsHalf } from '../../graph/onnx/stored-weights.js';
import { ELEMENTS, type IrAttribute, type IrLayer, type IrType, type IrValue } from './layer.js';
import { WeightsFile } from './weights-file.js';

/** A layer to be added. */
export interface NewLayer {
  readonly type: string;
  /** Default opset1. */
  readonly version?: string;
  readonly data?: Readonly<Record<string, IrAttribute>>;
  readonly rtInfo?: readonly string[];
  readonly inputs: readonly IrValue[];
  readonly outputs: readonly IrType[];
  /** Path of the module that it belongs to. */
  readonly scope?: string;
}

/** How a graph is written. */
export interface IrForm {
  /** Axis of the samples by tensor, where their number is open; empty where it is fixed. */
  readonly batchAxes: ReadonlyMap<Tensor, number>;
  /** Which constants are written as float16, behind a conversion to float32. Default none. */
  readonly isHalf?: IsHalf | undefined;
}

/** Collects layers. Values of the graph that nothing has written yet are constants, which are written where they are first needed. */
export class IrBuilder {
  readonly layers: IrLayer[] = [];
  readonly weights = new WeightsFile();
  private readonly values = new Map<Tensor, IrValue>();
  private readonly small = new Map<string, IrValue>();

  constructor(private readonly form: IrForm) {}

  /** Adds a layer and gives its outputs. */
  add(layer: NewLayer): IrValue[] {
    const { type, scope = '' } = layer;
    return this.addNamed(`${scope ? `${scope}/` : ''}${type}_${this.layers.length}`, layer);
  }

  /** The same under a name that no other layer has. */
  addNamed(
    name: string,
    { type, version = 'opset1', data = {}, rtInfo = [], inputs, outputs }: NewLayer,
  ): IrValue[] {
    const layer = this.layers.length;
    this.layers.push({ name, type, version, data, rtInfo, inputs, outputs, names: new Map() });
    return outputs.map((type, output) => ({ layer, output, type }));
  }

  /** The same for a layer with one output. */
  addOne(layer: Omit<NewLayer, 'outputs'> & { readonly output: IrType }): IrValue {
    return this.add({ ...layer, outputs: [layer.output] })[0]!;
  }

  /** Says which values a node has. */
  set(node: Node, values: readonly IrValue[]): void {
    node.outputs.forEach((tensor, i) => {
      this.values.set(tensor, values[i]!);
    });
  }

  /** Makes programs find a value under a name; a layer with one output is called the same. */
  nameValue({ layer, output }: IrValue, name: string): void {
    const old = this.layers[layer]!;
    const names = [...(old.names.get(output) ?? []), name];
    const isFirst = old.names.size === 0 && old.outputs.length === 1;
    this.layers[layer] = {
      ...old,
      name: isFirst ? name : old.name,
      names: new Map([...old.names, [output, names]]),
    };
  }

  valueOf(tensor: Tensor): IrValue {
    const known = this.values.get(tensor);
    if (known) return known;
    const { data, type } = constantOf(tensor);
    const value = this.constant(data, type, tensor.node.scope);
    this.values.set(tensor, value);
    return value;
  }

  valuesOf(tensors: readonly Tensor[]): IrValue[] {
    return tensors.map((tensor) => this.valueOf(tensor));
  }

  /** A tensor that does not depend on the input, under another shape: a constant is written with it. */
  viewOf(tensor: Tensor, shape: readonly number[]): IrValue {
    if (tensor.node.op === 'constant') {
      const { data, type } = constantOf(tensor);
      return this.constant(data, { dtype: type.dtype, shape }, tensor.node.scope);
    }
    return this.addOne({
      type: 'Reshape',
      data: { special_zero: true },
      inputs: [this.valueOf(tensor), this.ints(shape)],
      output: { dtype: tensor.dtype, shape },
      scope: tensor.node.scope,
    });
  }

  /** Type of a value as the file has it, with an open batch size. */
  typeOf(tensor: Tensor): IrType {
    const axis = this.form.batchAxes.get(tensor);
    return { dtype: tensor.dtype, shape: tensor.shape.map((size, i) => (i === axis ? -1 : size)) };
  }

  typesOf(node: Node): IrType[] {
    return node.outputs.map((tensor) => this.typeOf(tensor));
  }

  /** A shape to view or to repeat a value to, in which `open` stands for an open batch size. */
  targetShape(tensor: Tensor, open: number): IrValue {
    const isOpen = this.form.batchAxes.get(tensor) === 0;
    return this.ints(isOpen ? [open, ...tensor.shape.slice(1)] : tensor.shape);
  }

  /** An int64 vector. */
  ints(values: readonly number[]): IrValue {
    return this.int64(values, [values.length]);
  }

  /** A single number; default int64. */
  scalar(value: number, dtype: DType = 'int64'): IrValue {
    if (dtype === 'int64') return this.int64([value], []);
    return this.once(`${dtype}:${value}`, () =>
      this.constant(arrayOf(value, dtype), { dtype, shape: [] }, ''),
    );
  }

  private int64(values: readonly number[], shape: readonly number[]): IrValue {
    const data = () => BigInt64Array.from(values, (value) => BigInt(value));
    return this.once(`[${shape}]:${values}`, () => this.constant(data(), { dtype: 'int64', shape }, ''));
  }

  private once(key: string, make: () => IrValue): IrValue {
    const value = this.small.get(key) ?? make();
    this.small.set(key, value);
    return value;
  }

  private constant(data: TensorData, type: TensorType, scope: string): IrValue {
    if (!(data instanceof Float32Array && this.form.isHalf?.(data, type.shape))) {
      return this.stored(littleEndianBytes(data), data, type, scope);
    }
    const halves = toHalves(data);
    const half = { dtype: 'float16', shape: type.shape } as const;
    return this.addOne({
      type: 'Convert',
      data: { destination_type: ELEMENTS.float32.element },
      rtInfo: ['decompression'],
      inputs: [this.stored(littleEndianBytes(halves), data, half, scope)],
      output: type,
      scope,
    });
  }

  private stored(bytes: Uint8Array, source: TensorData, type: IrType, scope: string): IrValue {
    const { offset, size } = this.weights.add(bytes, source);
    const data = { element_type: ELEMENTS[type.dtype].element, shape: type.shape, offset, size };
    return this.addOne({ type: 'Const', data, inputs: [], output: type, scope });
  }
}

function constantOf(tensor: Tensor): Node<'constant'>['attributes'] {
  const node = tensor.node as AnyNode;
  if (node.op === 'constant') return node.attributes;
  const name = node.op === 'input' ? ` "${node.attributes.name}"` : '';
  throw new OtxError(
    'graph',
    `${node.op}${name} (${formatType(tensor)}) is used by the graph but not listed among the inputs of the model`,
  );
}

function arrayOf(value: number, dtype: Exclude<DType, 'int64'>): TensorData {
  if (dtype === 'float32') return Float32Array.of(value);
  return dtype === 'int32' ? Int32Array.of(value) : Uint8Array.of(value);
}
