/** @file Segmentation networks that other tools exported, as networks to be trained here. */
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OtxError } from '../base/errors.js';
import { type FileKind, MOST_BYTES, readBytesOf } from '../base/read-file.js';
import { listSome, quoted } from '../base/text.js';
import { PIXEL_MEAN, PIXEL_STD } from '../data/index.js';
import { add, constant, div, mul, sub } from '../graph/builders.js';
import {
  buildModel,
  type ImportedWeight,
  type ModelFile,
  readModelFile,
} from '../graph/import/import-model.js';
import { StoredWeight } from '../graph/import/values.js';
import type { NodeProto } from '../graph/onnx/onnx_pb.js';
import { formatType, type Shape, type Tensor } from '../graph/tensor.js';
import type { CreateModel } from '../models/index.js';
import { constantInit, fanInNormal, type Initializer, type Scope } from '../nn/index.js';
import { type ImportNetworkOptions, notesIn, withNotes } from './network-notes.js';

/** Behind scores of classes: operators that change no order, and those that pick. */
const BEHIND_SCORES = new Set(['Softmax', 'LogSoftmax', 'Sigmoid', 'ArgMax', 'Cast', 'Squeeze', 'Identity']);
/** What joins the scores of several convolutions. */
const ADDED = new Set(['Add', 'Sum']);
/** Between the last convolution and the scores. */
const BETWEEN = new Set([...BEHIND_SCORES, 'Resize', 'Upsample', 'Dropout', 'Relu', 'Clip']);

/**
 * A segmentation network of an `.onnx` file that another tool exported, for `model` of {@link train}: it starts from the weights of the
 * file, its batch norms go by the batch in training, and its last convolution (or those whose results are added) gets as many channels as there are classes, anew where
 * the file has another number. Softmax and argmax at the end are left out. A run keeps the file beside its weights, with `options` noted in it;
 * whoever opens weights without that file gives the network again. What files may hold is in docs/import.md.
 *
 * @param bytes of the file, with its weights in it and one input of images [N, 3, H, W].
 * @returns what `model` of {@link train}, {@link evaluate}, {@link predict} and {@link exportModel} takes.
 * @throws OtxError `graph` for a file that is not imported, or that has no such input or output; when the network is built, also
 * for a last layer that is no convolution.
 */
export function importNetwork(bytes: Uint8Array, options: ImportNetworkOptions = {}): CreateModel {
  const file = readModelFile(bytes);
  const noted = notesIn(file);
  const { output = noted.output, normalization = noted.normalization } = options;
  const input = imageInput(file);
  const makers = makersIn(file);
  const scores = scoresOf(file, output, makers);
  const create: CreateModel = ({ numClasses }) => {
    const { file: fitted, fresh } = withClasses(file, headOf(file, scores, makers), numClasses);
    return (scope, images) => {
      const { outputs, updates } = buildModel(fitted, {
        inputs: { [input]: renormalized(images, normalization) },
        outputs: [scores],
        training: scope.training,
        weight: (weight) => variableOf(scope, weight, fresh),
      });
      for (const { key, target, keep, rate } of updates) scope.updateBuffer(key, { target, keep, rate });
      return checkedLogits(outputs[scores]!, images, numClasses);
    };
  };
  sources.set(create, withNotes(bytes, { output, normalization }));
  return create;
}

/** Files behind networks, to be kept beside their weights. */
const sources = new WeakMap<CreateModel, Uint8Array>();

/** The file that a network is of, with what was said of it; undefined for another network. */
export const sourceOf = (model: CreateModel): Uint8Array | undefined => sources.get(model);

/** Beside the weights of a run that trained a network of a file: that file. */
export const NETWORK_FILE = 'network.onnx';

const KIND: FileKind = {
  code: 'checkpoint',
  expected: 'an ONNX file of a segmentation network',
  maxBytes: MOST_BYTES.onnx,
};

/**
 * The network of a file.
 * @param options as of {@link importNetwork}; default: what a run has noted in the file.
 * @throws OtxError `checkpoint` for a file that cannot be read, `graph` as {@link importNetwork}, both with the name of the file.
 */
export async function openNetwork(path: string, options: ImportNetworkOptions = {}): Promise<CreateModel> {
  const bytes = await readBytesOf(path, KIND);
  try {
    return importNetwork(bytes, options);
  } catch (error) {
    if (!(error instanceof OtxError)) throw error;
    throw new OtxError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}

/** The network that a run keeps beside its weights; undefined where there is none. @param weights file of weights */
export async function networkBeside(weights: string): Promise<CreateModel | undefined> {
  const path = join(dirname(weights), NETWORK_FILE);
  const isThere = (await stat(path).catch(() => undefined))?.isFile() === true;
  return isThere ? openNetwork(path) : undefined;
}

function imageInput({ graph, stored }: ModelFile): string {
  const inputs = graph.input.filter(({ name }) => !stored.has(name));
  const [only] = inputs;
  if (only && inputs.length === 1) return only.name;
  throw new OtxError(
    'graph',
    `the ONNX model has ${inputs.length} inputs (${listSome(inputs.map(({ name }) => name))}), expected one of images`,
  );
}

type Makers = ReadonlyMap<string, NodeProto>;
const makersIn = ({ graph }: ModelFile): Makers =>
  new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));

/** The value that holds the scores of classes: the output, or what it is made of by choosing among them. */
function scoresOf({ graph }: ModelFile, asked: string | undefined, makers: Makers): string {
  const names = graph.output.map(({ name }) => name);
  if (asked !== undefined && !names.includes(asked))
    throw new OtxError(
      'graph',
      `the ONNX model has no output ${quoted(asked)}; its outputs are ${listSome(names)}`,
    );
  let name = asked ?? names[0] ?? '';
  const seen = new Set<NodeProto>();
  for (
    let node = makers.get(name);
    node && BEHIND_SCORES.has(node.opType) && !seen.has(node);
    node = makers.get(name)
  ) {
    seen.add(node);
    name = node.input[0] ?? '';
  }
  return name;
}

/** The convolutions that make the scores, several where their results are added, as their weights in the file. */
function headOf({ stored }: ModelFile, scores: string, makers: Makers): StoredWeight[] {
  const head = new Set<StoredWeight>();
  const seen = new Set<NodeProto>();
  const open = [scores];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = makers.get(name);
    if (node && seen.has(node)) continue;
    if (node) seen.add(node);
    if (node && BETWEEN.has(node.opType)) open.push(node.input[0] ?? '');
    else if (node && ADDED.has(node.opType)) for (const term of node.input.toReversed()) open.push(term);
    else for (const weight of weightsOfHead(node, stored)) head.add(weight);
  }
  if (head.size > 0) return [...head];
  throw new OtxError(
    'graph',
    `the scores of the ONNX model, ${quoted(scores)}, are computed from themselves`,
  );
}

/** @throws OtxError `graph` for a node that is no convolution with weights of the file. */
function weightsOfHead(node: NodeProto | undefined, stored: ModelFile['stored']): StoredWeight[] {
  const weights = (node?.input.slice(1) ?? []).map((name) => stored.get(name));
  const found = weights.filter((weight) => weight instanceof StoredWeight);
  if (node?.opType === 'Conv' && found.length > 0 && found.length === weights.length) return found;
  throw new OtxError(
    'graph',
    `the scores of the ONNX model come from ${node ? `${quoted(node.name)} (${node.opType})` : 'no node'}, expected a ` +
      'convolution, so that it can have as many channels as there are classes',
  );
}

/** The file with as many channels of scores as classes, and what of it has to begin anew. */
function withClasses(file: ModelFile, head: readonly StoredWeight[], numClasses: number) {
  if (head[0]!.shape[0] === numClasses) return { file, fresh: new Set<string>() };
  const stored = new Map(file.stored);
  for (const { key, shape } of head) {
    const resized: Shape = [numClasses, ...shape.slice(1)];
    const size = resized.reduce((product, d) => product * d, 1);
    stored.set(key, new StoredWeight(key, resized, new Float32Array(size)));
  }
  return { file: { ...file, stored }, fresh: new Set(head.map(({ key }) => key)) };
}

function variableOf(
  scope: Scope,
  { key, kind, shape, data }: ImportedWeight,
  fresh: ReadonlySet<string>,
): Tensor {
  const drawn = shape.length > 1 ? fanInNormal : constantInit(0);
  const init: Initializer = fresh.has(key) ? drawn : () => data.slice();
  return kind === 'statistic' ? scope.buffer(key, shape, init) : scope.parameter(key, shape, init);
}

/** From what networks of this package see to what the file expects. */
function renormalized(images: Tensor, wanted: ImportNetworkOptions['normalization']): Tensor {
  if (!wanted) return images;
  for (const list of [wanted.mean, wanted.deviation])
    if (list.length !== 3 || !list.every(Number.isFinite))
      throw new OtxError(
        'graph',
        `a normalization of [${list}]; expected three numbers, of red, green and blue`,
      );
  const channels = (values: readonly number[]): Tensor => constant([...values], [1, 3, 1, 1]);
  const pixels = add(mul(images, channels(PIXEL_STD)), channels(PIXEL_MEAN));
  return div(sub(pixels, channels(wanted.mean)), channels(wanted.deviation));
}

function checkedLogits(logits: Tensor, images: Tensor, numClasses: number): Tensor {
  const [samples, channels] = logits.shape;
  if (logits.rank === 4 && samples === images.shape[0] && channels === numClasses) return logits;
  throw new OtxError(
    'graph',
    `the ONNX model makes ${formatType(logits)} of ${formatType(images)}, expected [${images.shape[0]},${numClasses},h,w]: a map for ` +
      'each class',
  );
}
