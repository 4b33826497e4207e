/** @file Writes a lowered graph as the bytes of an ordinary .onnx file. */
import { create, toBinary } from '@bufbuild/protobuf';
import { OtxError } from '../../base/errors.js';
import { toHalves } from '../../base/half.js';
import { fileOrder } from '../passes/schedule.js';
import {
  type AnyNode,
  type DType,
  formatType,
  type Node,
  pathOf,
  type Shape,
  type Tensor,
  type TensorData,
  type TensorType,
} from '../tensor.js';
import type { OnnxAttribute } from '../vocabulary.js';
import { findBatchAxes } from './batch-axes.js';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './onnx_pb.js';
import { type Arguments, elementTypes, type OnnxCall, writers } from './operators.js';
import { type IsHalf, type StoredTensor, storedWeight, type WeightPrecision } from './stored-weights.js';

/** Versions of the standard operator set that can be written, the last one by default; other domains are at version 1. */
export const OPSETS = { oldest: 11, newest: 20 } as const;
/** Of the file format, that each version of the operators came with; a runtime that knows these may know no later one. */
const IR_VERSIONS: Readonly<Record<number, number>> = {
  ...{ 11: 6, 12: 7, 13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9 },
};
/** Name of the leading dimension of a model with a free batch size. */
export const BATCH_DIMENSION = 'batch';

/** What a model file holds beside the graph. */
export interface ModelDescription {
  /** Graph inputs in the order of the file; each must be an `input` node. Unused ones are declared all the same. */
  readonly inputs: readonly Tensor[];
  /** Named results, in the order of the file. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Written as metadata properties of the model; default none. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Leaves the batch size (leading dimension of every input) open, for which the graph is built for two samples or more; default false. */
  readonly dynamicBatch?: boolean;
  /** Name of the graph; default 'otx'. */
  readonly name?: string;
  /** Version of the standard operator set, 11 to 20; default 20. */
  readonly opset?: number;
  /**
   * How weights are stored, which a runtime makes float32 again when it loads the file: as they are; as halves; or those of convolutions
   * as 8-bit integers with a factor for each output channel. Default float32.
   */
  readonly weights?: WeightPrecision;
  /** Which weights become halves where `weights` is float16; default those of 2048 values or more. */
  readonly isHalf?: IsHalf | undefined;
}

/**
 * Serialises a lowered graph (opset 20 or the one asked for, com.microsoft 1) to an ONNX ModelProto.
 * Equal graphs give equal bytes: names are numbered within the file.
 *
 * @throws OtxError `graph` when an operator still needs lowering, an input is not listed or not an input node, the batch
 * size cannot be left open, or the version of the operators is none that is written.
 */
export function serializeLowered(model: ModelDescription): Uint8Array {
  const writer = new ModelWriter(model);
  return toBinary(ModelProtoSchema, writer.write());
}

class ModelWriter implements Arguments {
  private readonly names = new Map<Tensor, string>();
  private readonly nodes: NodeProto[] = [];
  private readonly initializers: TensorProto[] = [];
  private readonly shared = new Map<string, string>();
  private readonly domains = new Set<string>();
  /** Weights of convolutions. */
  private readonly kernels = new Set<Tensor>();
  private readonly batchAxes: ReadonlyMap<Tensor, number>;
  private readonly taken: ReadonlySet<string>;
  private values = 0;
  readonly opset: number;

  constructor(private readonly model: ModelDescription) {
    this.opset = checkedOpset(model.opset ?? OPSETS.newest);
    this.taken = new Set([...model.inputs.map(inputName), ...Object.keys(model.outputs)]);
    this.batchAxes = model.dynamicBatch
      ? findBatchAxes(model.inputs, Object.values(model.outputs))
      : new Map<Tensor, number>();
  }

  write() {
    const { inputs, outputs, metadata = {}, name = 'otx' } = this.model;
    for (const tensor of inputs) this.names.set(tensor, inputName(tensor));
    // An input, a constant or a second name of one tensor cannot be named after the output: these get an Identity.
    const copies: [string, Tensor][] = [];
    for (const [outputName, tensor] of Object.entries(outputs)) {
      const isLeaf = tensor.node.op === 'input' || tensor.node.op === 'constant';
      if (isLeaf || this.names.has(tensor)) copies.push([outputName, tensor]);
      else this.names.set(tensor, outputName);
    }
    const nodes = fileOrder(Object.values(outputs));
    for (const node of nodes) if (node.op === 'conv') this.kernels.add(node.inputs[1]!);
    for (const node of nodes) this.writeNode(node);
    for (const [outputName, tensor] of copies)
      this.push({ opType: 'Identity' }, [this.nameOf(tensor)], [outputName], outputName);

    return create(ModelProtoSchema, {
      irVersion: BigInt(IR_VERSIONS[this.opset]!),
      producerName: 'otx',
      graph: create(GraphProtoSchema, {
        name,
        node: this.nodes,
        initializer: this.initializers,
        input: inputs.map((tensor) => this.valueInfo(inputName(tensor), tensor)),
        output: Object.entries(outputs).map(([key, tensor]) => this.valueInfo(key, tensor)),
      }),
      opsetImport: [
        create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(this.opset) }),
        ...[...this.domains].map((domain) => create(OperatorSetIdProtoSchema, { domain, version: 1n })),
      ],
      metadataProps: Object.entries(metadata).map(([key, value]) =>
        create(StringStringEntryProtoSchema, { key, value }),
      ),
    });
  }

  ints(values: readonly number[]): string {
    return this.int64(
      BigInt64Array.from(values, (v) => BigInt(v)),
      [values.length],
    );
  }

  scalar(value: number, dtype: DType): string {
    const key = `${dtype}:${value}`;
    return this.once(key, () => {
      const data =
        dtype === 'float32' || dtype === 'float16'
          ? Float32Array.of(value)
          : dtype === 'int64'
            ? BigInt64Array.of(BigInt(value))
            : dtype === 'int32'
              ? Int32Array.of(value)
              : Uint8Array.of(value);
      return this.initializer(data, { dtype, shape: [] });
    });
  }

  shape(node: Node, shape: Shape): string {
    if (this.batchAxes.get(node.outputs[0]!) !== 0) return this.ints(shape);
    // "Keep the dimension of the input": 0 for Reshape, 1 (which broadcasts) for Expand.
    return this.ints([node.op === 'reshape' ? 0 : 1, ...shape.slice(1)]);
  }

  mapSize(node: Node, [height, width]: readonly [number, number]): string {
    const [batch, channels] = node.outputs[0]!.shape as [number, number];
    if (this.batchAxes.get(node.outputs[0]!) !== 0) return this.ints([batch, channels, height, width]);
    return this.once(`size:${channels},${height},${width}`, () =>
      this.helper('Concat', { axis: { int: 0 } }, [this.batchSize(), this.ints([channels, height, width])]),
    );
  }

  noFloats(): string {
    return this.once('nothing', () => this.initializer(new Float32Array(), { dtype: 'float32', shape: [0] }));
  }

  /** Of the run, as a vector of one number. */
  private batchSize(): string {
    return this.once('batch', () => {
      const shape = this.helper('Shape', {}, [inputName(this.model.inputs[0]!)]);
      return this.helper('Slice', {}, [shape, this.ints([0]), this.ints([1]), this.ints([0])]);
    });
  }

  /** A node that no node of the graph stands for. @returns name of its value */
  private helper(
    opType: string,
    attributes: Readonly<Record<string, OnnxAttribute>>,
    inputs: readonly string[],
  ): string {
    const name = this.freshName();
    this.push({ opType, attributes }, inputs, [name], opType);
    return name;
  }

  private writeNode(node: AnyNode): void {
    if (node.op === 'input') {
      if (!this.names.has(node.outputs[0]!))
        throw new OtxError(
          'graph',
          `input "${node.attributes.name}" (${formatType(node.outputs[0]!)}) is used by the graph but not listed among the inputs of the model`,
        );
      return;
    }
    if (node.op === 'constant') {
      this.names.set(node.outputs[0]!, this.writeConstant(node));
      return;
    }
    const path = pathOf(node);
    const call = (writers[node.op] as (node: Node, args: Arguments) => OnnxCall)(node, this);
    this.push(
      call,
      node.inputs.map((tensor) => this.nameOf(tensor)),
      node.outputs.map((tensor) => this.nameOf(tensor)),
      path ? `${path}/${call.opType}` : call.opType,
    );
  }

  private writeConstant({ attributes: { data, type, unique }, outputs }: Node<'constant'>): string {
    if (data instanceof BigInt64Array && !unique) return this.int64(data, type.shape);
    const { weights = 'float32', isHalf } = this.model;
    const isKernel = this.kernels.has(outputs[0]!);
    const isStored = unique || type.dtype === 'float16';
    const stored = isStored ? undefined : storedWeight(data, type.shape, weights, isKernel, isHalf);
    if (stored === undefined) return this.initializer(data, type);
    const to = { int: elementTypes.float32 };
    const values = this.helper('Cast', { to }, [this.storedTensor(stored.values)]);
    return stored.scales ? this.helper('Mul', {}, [values, this.storedTensor(stored.scales)]) : values;
  }

  private storedTensor({ elementType, shape, data }: StoredTensor): string {
    const name = this.freshName();
    this.initializers.push(
      create(TensorProtoSchema, {
        name,
        dims: shape.map((d) => BigInt(d)),
        dataType: elementType,
        rawData: littleEndianBytes(data),
      }),
    );
    return name;
  }

  private push(
    { opType, domain = '', attributes = {}, extraInputs = [] }: OnnxCall,
    input: readonly string[],
    output: readonly string[],
    name: string,
  ): void {
    if (domain !== '') this.domains.add(domain);
    this.nodes.push(
      create(NodeProtoSchema, {
        opType,
        domain,
        name: `${name}#${this.nodes.length + 1}`,
        input: [...input, ...extraInputs],
        output: [...output],
        attribute: Object.entries(attributes).map(([key, value]) => attributeProto(key, value)),
      }),
    );
  }

  private nameOf(tensor: Tensor): string {
    const known = this.names.get(tensor);
    if (known !== undefined) return known;
    const name = this.freshName();
    this.names.set(tensor, name);
    return name;
  }

  /** `%` keeps internal names apart from those of inputs and outputs, unless these come from a file that was written here. */
  private freshName(): string {
    do this.values += 1;
    while (this.taken.has(`%${this.values}`));
    return `%${this.values}`;
  }

  private int64(data: BigInt64Array, shape: Shape): string {
    return this.once(`${shape.join('x')}:${data.join(',')}`, () =>
      this.initializer(data, { dtype: 'int64', shape }),
    );
  }

  private once(key: string, make: () => string): string {
    let name = this.shared.get(key);
    if (name === undefined) {
      name = make();
      this.shared.set(key, name);
    }
    return name;
  }

  private initializer(data: TensorData, { dtype, shape }: TensorType): string {
    const stored = dtype === 'float16' ? toHalves(data as Float32Array) : data;
    return this.storedTensor({ elementType: elementTypes[dtype], shape, data: stored });
  }

  private valueInfo(name: string, tensor: Tensor): ValueInfoProto {
    const batchAxis = this.batchAxes.get(tensor);
    const dim = tensor.shape.map((d, i) =>
      create(TensorShapeProto_DimensionSchema, {
        value:
          i === batchAxis
            ? { case: 'dimParam', value: BATCH_DIMENSION }
            : { case: 'dimValue', value: BigInt(d) },
      }),
    );
    return create(ValueInfoProtoSchema, {
      name,
      type: create(TypeProtoSchema, {
        value: {
          case: 'tensorType',
          value: create(TypeProto_TensorSchema, {
            elemType: elementTypes[tensor.dtype],
            shape: create(TensorShapeProtoSchema, { dim }),
          }),
        },
      }),
    });
  }
}

function checkedOpset(opset: number): number {
  const { oldest, newest } = OPSETS;
  if (Number.isInteger(opset) && opset >= oldest && opset <= newest) return opset;
  throw new OtxError('graph', `opset ${opset} is not written; ${oldest} to ${newest} are`);
}

function inputName(tensor: Tensor): string {
  const node = tensor.node as AnyNode;
  if (node.op !== 'input')
    throw new OtxError(
      'graph',
      `an input of a model must be an input node, got ${node.op} in "${node.scope}"`,
    );
  return node.attributes.name;
}

function attributeProto(name: string, value: OnnxAttribute): AttributeProto {
  if ('int' in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value.int) });
  if ('float' in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float });
  if ('ints' in value)
    return create(AttributeProtoSchema, {
      name,
      type: AttributeType.INTS,
      ints: value.ints.map((v) => BigInt(v)),
    });
  if ('floats' in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOATS, floats: [...value.floats] });
  return create(AttributeProtoSchema, {
    name,
    type: AttributeType.STRING,
    s: new TextEncoder().encode(value.string),
  });
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Values as files have them; the result may share their memory. */
export function littleEndianBytes(data: StoredTensor['data']): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  if (isLittleEndian || data.BYTES_PER_ELEMENT === 1) return bytes;
  const swapped = bytes.slice();
  for (let i = 0; i < swapped.length; i += data.BYTES_PER_ELEMENT)
    swapped.subarray(i, i + data.BYTES_PER_ELEMENT).reverse();
  return swapped;
}
