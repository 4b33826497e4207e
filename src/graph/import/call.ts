/** @file One node of a file as the functions that import operators see it: its inputs and attributes, by what they mean. */
import type { AttributeProto, NodeProto, TensorProto } from '../onnx/onnx_pb.js';
import type { Shape, Tensor } from '../tensor.js';
import { readTensor } from './read-tensor.js';
import { dtypeOf, Known, StoredWeight, type Value } from './values.js';

/** What a batch norm makes of one of its running statistics in training: keep · old + rate · target. */
export interface ImportedUpdate {
  /** Key of the statistic. */
  readonly key: string;
  /** float32 [C]: what this batch says. */
  readonly target: Tensor;
  /** Factor of the old value. */
  readonly keep: number;
  /** Factor of the target. */
  readonly rate: number;
}

/** What importing one graph has in common for all nodes. */
export interface ImportState {
  /** Version of the operators. */
  readonly opset: number;
  /** Whether batch norms go by the statistics of the batch; undefined where each says so itself. */
  readonly training: boolean | undefined;
  /** A weight as a tensor; asking for it makes it one of the network. */
  variable(weight: StoredWeight, kind: 'parameter' | 'statistic'): Tensor;
  /** Counts values that are computed while importing. @throws Error when they are more than a network has. */
  spend(values: number): void;
  /** Notes what a batch norm wants to change. */
  readonly updates: ImportedUpdate[];
}

/** Imports one operator: its node → its outputs, the first ones at least. */
export type Importer = (call: Call) => Value | readonly Value[];

/** A node with its inputs. */
export class Call {
  private readonly attributes: ReadonlyMap<string, AttributeProto>;

  constructor(
    readonly node: NodeProto,
    readonly inputs: readonly (Value | undefined)[],
    readonly state: ImportState,
  ) {
    this.attributes = new Map(node.attribute.map((attribute) => [attribute.name, attribute]));
  }

  get opset(): number {
    return this.state.opset;
  }

  /** Whether an input is there; optional ones may be left out, or named ''. */
  has(index: number): boolean {
    return this.inputs[index] !== undefined;
  }

  /** An input, whatever it is. */
  value(index: number): Value {
    const value = this.inputs[index];
    if (value === undefined) throw new Error(`input ${index + 1} is missing`);
    return value;
  }

  /** An input as a tensor of the graph; a weight is a variable by that. */
  tensor(index: number, kind: 'parameter' | 'statistic' = 'parameter'): Tensor {
    return this.tensorOf(this.value(index), kind);
  }

  tensorOf(value: Value, kind: 'parameter' | 'statistic' = 'parameter'): Tensor {
    if (value instanceof Known) return value.tensor();
    if (value instanceof StoredWeight) return this.state.variable(value, kind);
    return value;
  }

  /** All inputs as tensors. */
  tensors(): Tensor[] {
    return this.inputs.map((_, i) => this.tensor(i));
  }

  /** An input whose values decide what is built. */
  known(index: number, what: string): Known {
    const value = this.value(index);
    if (value instanceof Known) return value;
    if (value instanceof StoredWeight) return value.known;
    throw new Error(`${what} must be known when the graph is built, but is computed from its inputs`);
  }

  /** Whether an input is a number of the file, not something to be computed or learned. */
  isKnown(index: number): boolean {
    return this.inputs[index] instanceof Known;
  }

  /** Whole numbers that older versions have as an attribute and newer ones as an input. */
  ints(index: number, attribute: string): readonly number[] | undefined {
    if (this.has(index)) return this.known(index, attribute).list();
    return this.attributes.get(attribute)?.ints.map(Number);
  }

  shapeOf(index: number): Shape {
    return this.value(index).shape;
  }

  dtypeOf(index: number) {
    return dtypeOf(this.value(index));
  }

  hasAttribute(name: string): boolean {
    return this.attributes.has(name);
  }

  int(name: string, otherwise: number): number {
    const attribute = this.attributes.get(name);
    return attribute ? Number(attribute.i) : otherwise;
  }

  float(name: string, otherwise: number): number {
    return this.attributes.get(name)?.f ?? otherwise;
  }

  intList(name: string): readonly number[] | undefined {
    return this.attributes.get(name)?.ints.map(Number);
  }

  floatList(name: string): readonly number[] | undefined {
    return this.attributes.get(name)?.floats;
  }

  text(name: string, otherwise: string): string {
    const attribute = this.attributes.get(name);
    return attribute ? new TextDecoder().decode(attribute.s) : otherwise;
  }

  tensorAttribute(name: string): Known | undefined {
    const tensor: TensorProto | undefined = this.attributes.get(name)?.t;
    return tensor && readTensor(tensor);
  }
}
