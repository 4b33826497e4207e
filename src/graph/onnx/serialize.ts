/** @file Writes a lowered graph as the bytes of an ordinary .onnx file. */
import { create, toBinary } from '@bufbuild/protobuf';
import { OtxError } from '../../base/errors.js';
import { fileOrder } from '../passes/schedule.js';
import {
  type AnyNode,
  type DType,
  formatType,
  type Node,
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

/** Version of the standard operator set that is written; other domains are at version 1. */
const OPSET = 20;
const IR_VERSION = 9;
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
  /** Leaves the batch size (leading dimension of every input) open; default false. */
  readonly dynamicBatch?: boolean;
  /** Name of the graph; default 'otx'. */
  readonly name?: string;
}

/**
 * Serialises a lowered graph (opset 20, com.microsoft 1) to an ONNX ModelProto.
 * Equal graphs give equal bytes: names are numbered within the file.
 *
 * @throws OtxError `graph` when an operator still needs lowering, an input is not listed or not an input node, or the batch
 * size cannot be left open.
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
  private readonly batchAxes: ReadonlyMap<Tensor, number>;
  private values = 0;

  constructor(private readonly model: ModelDescription) {
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
    for (const node of fileOrder(Object.values(outputs))) this.writeNode(node);
    for (const [outputName, tensor] of copies)
      this.push({ opType: 'Identity' }, [this.nameOf(tensor)], [outputName], outputName);

    return create(ModelProtoSchema, {
      irVersion: BigInt(IR_VERSION),
      producerName: 'otx',
      graph: create(GraphProtoSchema, {
        name,
        node: this.nodes,
        initializer: this.initializers,
        input: inputs.map((tensor) => this.valueInfo(inputName(tensor), tensor)),
        output: Object.entries(outputs).map(([key, tensor]) => this.valueInfo(key, tensor)),
      }),
      opsetImport: [
        create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(OPSET) }),
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
        dtype === 'float32'
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
      const { data, type, unique } = node.attributes;
      const name =
        data instanceof BigInt64Array && !unique
          ? this.int64(data, type.shape)
          : this.initializer(data, type);
      this.names.set(node.outputs[0]!, name);
      return;
    }
    const call = (writers[node.op] as (node: Node, args: Arguments) => OnnxCall)(node, this);
    this.push(
      call,
      node.inputs.map((tensor) => this.nameOf(tensor)),
      node.outputs.map((tensor) => this.nameOf(tensor)),
      node.scope ? `${node.scope}/${call.opType}` : call.opType,
    );
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

  /** `%` keeps internal names apart from those of inputs and outputs. */
  private freshName(): string {
    this.values += 1;
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
    const name = this.freshName();
    this.initializers.push(
      create(TensorProtoSchema, {
        name,
        dims: shape.map((d) => BigInt(d)),
        dataType: elementTypes[dtype],
        rawData: littleEndianBytes(data),
      }),
    );
    return name;
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
export function littleEndianBytes(data: TensorData | Uint16Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  if (isLittleEndian || data.BYTES_PER_ELEMENT === 1) return bytes;
  const swapped = bytes.slice();
  for (let i = 0; i < swapped.length; i += data.BYTES_PER_ELEMENT)
    swapped.subarray(i, i + data.BYTES_PER_ELEMENT).reverse();
  return swapped;
}
