/** @file `.onnx` files that others wrote, as graphs of this package: to be differentiated, trained and written again. */
import { fromBinary } from '@bufbuild/protobuf';
import { messageOf, OtxError } from '../../base/errors.js';
import { listSome, quoted } from '../../base/text.js';
import { input } from '../builders.js';
import { inspectModel, isShort, RefusedModel } from '../onnx/inspect-model.js';
import { type GraphProto, ModelProtoSchema, type NodeProto, type ValueInfoProto } from '../onnx/onnx_pb.js';
import { formatType, inScope, type Shape, sameShape, type Tensor } from '../tensor.js';
import { Call, type ImportedUpdate, type ImportState } from './call.js';
import { importNode } from './operators.js';
import { dtypeOfElement, readTensor } from './read-tensor.js';
import { checkRank, type Known, StoredWeight, type Value } from './values.js';

/** Weights beyond this are no network's (see `inspectModel`). */
const LARGEST = 2 ** 40;

/** Versions of the standard operators that are read. */
const OLDEST = 9;
const NEWEST = 20;

/** Values of all that is computed while importing, which nodes could make hours of: shapes, positions, matrices of resizes. */
const MOST_ARITHMETIC = 2 ** 24;

/** A tensor of the file that the network computes with. */
export interface ImportedWeight {
  /** Its name in the file. */
  readonly key: string;
  /** Its dimensions. */
  readonly shape: Shape;
  /** Its values in the file, row-major; of half and double precision, as float32. */
  readonly data: Float32Array;
  /** Statistics are the running means and variances of batch norms; everything else is a parameter. */
  readonly kind: 'parameter' | 'statistic';
}

/** How a file is imported. */
export interface ImportOptions {
  /** Size of the first dimension of inputs that leave it open. Default 1. */
  readonly batch?: number;
  /** Shapes of inputs by name, in place of those of the file; needed where it leaves more open than the batch. */
  readonly shapes?: Readonly<Record<string, Shape>>;
  /** Tensors to be used as inputs, by name, of any shape that the network takes. Default: an `input` node of that name each. */
  readonly inputs?: Readonly<Record<string, Tensor>>;
  /** The tensor that stands for a weight. Default: an `input` node with its key as the name. */
  readonly weight?: (weight: ImportedWeight) => Tensor;
  /**
   * Values to be computed, by the names that the file has for them, in place of its outputs: features before a head, for
   * instance. What they do not need is left out.
   */
  readonly outputs?: readonly string[];
  /**
   * Whether batch norms go by the statistics of the batch, or by those of the file. Default: as each says of itself (`training_mode`), which
   * in most files is by those of the file.
   */
  readonly training?: boolean;
}

/** A network of a file. */
export interface ImportedModel {
  /** Its inputs by name. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Its outputs by name. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** What it learned, in the order of use. */
  readonly weights: readonly (ImportedWeight & { readonly tensor: Tensor })[];
  /** Changes of the running statistics by batch norms that go by the batch; else empty. */
  readonly updates: readonly ImportedUpdate[];
}

/** A file that has been looked at, to be built as often as wanted. */
export interface ModelFile {
  readonly graph: GraphProto;
  readonly opset: number;
  /** Values of its initialisers by name. */
  readonly stored: ReadonlyMap<string, Known | StoredWeight>;
  /** What programs have noted in it; of a key that is there twice the last. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** @throws OtxError `graph` for a file that is damaged, not trusted, or of a version that is not read. */
export function readModelFile(bytes: Uint8Array): ModelFile {
  try {
    inspectModel(bytes, LARGEST);
  } catch (error) {
    if (!(error instanceof RefusedModel)) throw error;
    throw new OtxError('graph', `the ONNX model is refused: ${error.message}`, { cause: error });
  }
  const model = fromBinary(ModelProtoSchema, bytes);
  const graph = model.graph!;
  const opset = Number(
    model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 1,
  );
  if (opset < OLDEST || opset > NEWEST)
    throw new OtxError(
      'graph',
      `the ONNX model has operators of version ${opset}; versions ${OLDEST} to ${NEWEST} are imported: export it with one of them`,
    );
  const stored = new Map<string, Known | StoredWeight>();
  for (const tensor of graph.initializer) {
    try {
      const known = readTensor(tensor);
      const isWeight =
        known.values instanceof Float32Array && known.shape.length > 0 && known.values.length > 0;
      stored.set(
        tensor.name,
        isWeight ? new StoredWeight(tensor.name, known.shape, known.values as Float32Array) : known,
      );
    } catch (error) {
      throw new OtxError('graph', `weight ${quoted(tensor.name)}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
  checkOnce(graph, stored);
  const metadata = new Map(model.metadataProps.filter(isShort).map(({ key, value }) => [key, value]));
  return { graph, opset, stored, metadata };
}

/** Of two values with one name nobody could say which is meant. */
function checkOnce(graph: GraphProto, stored: ModelFile['stored']): void {
  if (stored.size < graph.initializer.length)
    throw new OtxError('graph', 'the ONNX model has two weights of one name');
  // Old files list their weights among the inputs.
  const inputs = graph.input.map(({ name }) => name).filter((name) => !stored.has(name));
  const made = graph.node.flatMap(({ output }) => output.filter((name) => name !== ''));
  const names = new Set(stored.keys());
  for (const name of [...inputs, ...made]) {
    if (names.has(name))
      throw new OtxError('graph', `the ONNX model computes or is given ${quoted(name)} twice`);
    names.add(name);
  }
}

/** The tensors of a file as variables, each asked for once. */
class Weights implements ImportState {
  readonly updates: ImportedUpdate[] = [];
  readonly used = new Map<string, ImportedWeight & { readonly tensor: Tensor }>();
  readonly training: boolean | undefined;
  private spent = 0;

  constructor(
    readonly opset: number,
    private readonly options: ImportOptions,
  ) {
    this.training = options.training;
  }

  spend(values: number): void {
    this.spent += values;
    if (this.spent > MOST_ARITHMETIC)
      throw new Error(`more than ${MOST_ARITHMETIC} values are computed while importing`);
  }

  variable({ key, shape, data }: StoredWeight, kind: ImportedWeight['kind']): Tensor {
    const known = this.used.get(key);
    if (known) return known.tensor;
    const weight: ImportedWeight = { key, shape, data, kind };
    const tensor = this.options.weight
      ? this.options.weight(weight)
      : inScope('', () => input(key, 'float32', shape));
    if (!sameShape(tensor.shape, shape))
      throw new Error(`weight ${quoted(key)} is [${shape}], not ${formatType(tensor)}`);
    this.used.set(key, { ...weight, tensor });
    return tensor;
  }
}

/**
 * Builds the graph of a file.
 * @throws OtxError `graph` as `importModel`.
 */
export function buildModel({ graph, opset, stored }: ModelFile, options: ImportOptions = {}): ImportedModel {
  const weights = new Weights(opset, options);
  const values = new Map<string, Value>(stored);
  const inputs: Record<string, Tensor> = {};
  for (const info of graph.input) {
    // Old files list their weights among the inputs.
    if (stored.has(info.name)) continue;
    const tensor = ownOf(options.inputs, info.name) ?? inputOf(info, options);
    inputs[info.name] = tensor;
    values.set(info.name, tensor);
  }
  for (const name of Object.keys({ ...options.inputs, ...options.shapes }))
    if (!Object.hasOwn(inputs, name))
      throw new OtxError(
        'graph',
        `the ONNX model has no input ${quoted(name)}; its inputs are ${listSome(Object.keys(inputs))}`,
      );
  const wanted = options.outputs ?? graph.output.map(({ name }) => name);
  for (const node of neededNodes(graph, wanted)) {
    const given = node.input.map((name) => {
      if (name === '') return undefined;
      const value = values.get(name);
      if (value !== undefined) return value;
      const missing = `is given ${quoted(name)}, which nothing before it computes`;
      throw new OtxError('graph', `node ${quoted(node.name)} (${node.opType}): ${missing}`);
    });
    const results = importNode(new Call(node, given, weights));
    node.output.forEach((name, i) => {
      const result = results[i];
      if (name !== '' && result !== undefined) values.set(name, result);
    });
  }
  const last = new Call(graph.node.at(-1)!, [], weights);
  const outputs = wanted.map((name): [string, Tensor] => {
    const value = values.get(name);
    if (value === undefined)
      throw new OtxError('graph', `output ${quoted(name)} of the ONNX model is computed by no node`);
    return [name, last.tensorOf(value)];
  });
  return {
    inputs,
    outputs: Object.fromEntries(outputs),
    weights: [...weights.used.values()],
    updates: weights.updates,
  };
}

/** Nodes that some values depend on, in the order of the file. */
function neededNodes({ node: nodes }: GraphProto, names: readonly string[]): NodeProto[] {
  const needed = new Set(names);
  const found = [...nodes].reverse().filter(({ input: inputs, output }) => {
    if (!output.some((name) => needed.has(name))) return false;
    for (const name of inputs) needed.add(name);
    return true;
  });
  return found.reverse();
}

/**
 * Reads an `.onnx` file that others wrote (operators of versions 9 to 20, weights within the file) into symbolic tensors.
 * Its float32 tensors become variables, numbers and shapes that the file computes are constants, so that `gradients` and
 * `serializeModel` go on from there. Called twice, first for the list of weights and then with tensors for them, it
 * serves training steps with packs; docs/import.md is the guide.
 *
 * @param bytes of the file; they are checked as those of any file from elsewhere.
 * @returns inputs, outputs and weights.
 * @throws OtxError `graph` in one line: for a file that is damaged, has weights in another file, loops, or operators that are
 * not imported; for inputs of open sizes; and where shapes do not fit, with the name of the node.
 */
export function importModel(bytes: Uint8Array, options: ImportOptions = {}): ImportedModel {
  return buildModel(readModelFile(bytes), options);
}

/** A file may call its inputs anything. */
const ownOf = <T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  record && Object.hasOwn(record, name) ? record[name] : undefined;

function inputOf({ name, type }: ValueInfoProto, { batch = 1, shapes }: ImportOptions): Tensor {
  const tensorType = type?.value.case === 'tensorType' ? type.value.value : undefined;
  try {
    const dtype = dtypeOfElement(tensorType?.elemType ?? 0);
    checkRank(tensorType?.shape?.dim.length ?? 0);
    const own = ownOf(shapes, name);
    if (own) return input(name, dtype, own);
    const dims = tensorType?.shape?.dim.map(({ value }) =>
      value.case === 'dimValue' && value.value > 0n ? Number(value.value) : undefined,
    );
    const shape = dims?.map((d, axis) => d ?? (axis === 0 ? batch : undefined));
    if (!shape || shape.includes(undefined)) {
      const found = dims ? `[${dims.map((d) => d ?? '?').join(', ')}]` : 'nothing';
      throw new Error(`the file says ${found} of its shape; say it in \`shapes\``);
    }
    return input(name, dtype, shape as number[]);
  } catch (error) {
    throw new OtxError('graph', `input ${quoted(name)} of the ONNX model: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
