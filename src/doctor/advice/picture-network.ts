/** @file What a network makes of a picture: how sure it is, whether it says the same of the mirrored one, and its features. */

import { toPlanes } from '../../data/images/network-input.js';
import type { Size } from '../../data/index.js';
import { loadLaned } from '../../engine/lanes.js';
import { featureBackbone } from '../../export/feature-backbone.js';
import { openExportedNetwork, unusable } from '../../inference/exported-file.js';
import { fileInput, sureOf } from '../../inference/file-form.js';
import type { FileReading } from '../../inference/model-entry.js';
import { requireFinite } from '../../inference/network.js';
import { encodeNetwork } from '../../inference/network-file.js';
import { TRACED_BATCH } from '../../inference/network-graph.js';
import { type ModelOptions, senseless } from '../../inference/opened-model.js';
import type { ModelReader } from '../../inference/readers/reader.js';
import type { TrainedModel } from '../../inference/trained-model.js';
import { mirrored } from '../../inference/views.js';
import { OWN_MODEL } from '../../models/index.js';

/** Output of an exported file. */
const FEATURES = 'feature_vector';
/** With some room for rounding. */
const MOST_PROBABLE = 1.001;

/** Of one picture. */
export interface NetworkAnswer {
  /** Mean entropy of the classes of a pixel, as a share of the largest there is. */
  readonly entropy: number;
  /** Mean share of the probability that another class has in the mirrored picture. */
  readonly disagreement: number;
  /** Means of the maps of the backbone; undefined of a network that does not give them. */
  readonly features: Float32Array | undefined;
}

/** Holds threads or a process until it is let go. */
export interface PictureNetwork {
  /** @param pixels at the size of the network input, HWC RGB */
  readonly look: (pixels: Uint8Array) => Promise<NetworkAnswer>;
  /** Whether answers have features. */
  readonly hasFeatures: boolean;
  dispose(): Promise<void>;
}

/** What a network says of a picture. */
interface Seen {
  /** [K, H, W] */
  readonly probabilities: Float32Array;
  readonly features: Float32Array | undefined;
}

/** The network of a run or a checkpoint. @param weights its name in messages. */
export async function openPictureNetwork(
  trained: TrainedModel,
  { weights, threads }: Pick<ModelOptions, 'weights' | 'threads'>,
): Promise<PictureNetwork> {
  const { inputSize, classes, template } = trained;
  // Of a network of a program's own nobody knows what its backbone is.
  const backbone = template.model === OWN_MODEL ? undefined : featureBackbone(trained);
  const form = { output: 'probabilities', backbone, batch: TRACED_BATCH } as const;
  const network = await loadLaned(encodeNetwork(trained, form, { dynamicBatch: true }), { threads });
  const shape = [1, 3, inputSize.height, inputSize.width];
  const run = async (data: Float32Array): Promise<Seen> => {
    const { output, feature_vector } = await network.run({ input: { dtype: 'float32', shape, data } });
    const probabilities = output!.data as Float32Array;
    requireFinite(probabilities, () => senseless(weights, 'values that are not finite'));
    return { probabilities, features: feature_vector?.data as Float32Array | undefined };
  };
  return {
    look: (pixels) => lookTwice(pixels, { inputSize, classes: classes.length, run }),
    hasFeatures: backbone !== undefined,
    dispose: () => network.dispose(),
  };
}

/** The network of an exported file, and what the file says of itself. */
export interface ExportedPictureNetwork {
  readonly reading: FileReading;
  readonly network: PictureNetwork;
}

/** @throws OtxError `checkpoint` */
export async function openExportedPictureNetwork(
  options: Pick<ModelOptions, 'weights' | 'threads' | 'signal'>,
  reader: ModelReader,
): Promise<ExportedPictureNetwork> {
  const { weights } = options;
  const { model, reading } = await openExportedNetwork(options, reader, false);
  const { inputSize, classes, form } = reading;
  const hasFeatures = model.outputs.some(({ name }) => name === FEATURES);
  let features: number | undefined;
  const run = async (planes: Float32Array): Promise<Seen> => {
    const input = { dtype: 'float32', ...fileInput(planes, inputSize, form) } as const;
    const outputs = await unusable(weights, model.run({ input }));
    const probabilities = probabilitiesOf(outputs.output?.data, reading);
    if (!probabilities) throw senseless(weights, 'what is no answer for its classes');
    if (!hasFeatures) return { probabilities, features: undefined };
    const found = outputs[FEATURES]?.data;
    features ??= found?.length;
    if (!(found instanceof Float32Array) || found.length !== features || !found.every(Number.isFinite)) {
      throw senseless(weights, `what is no ${FEATURES} of finite floats`);
    }
    return { probabilities, features: found };
  };
  return {
    reading,
    network: {
      look: (pixels) => lookTwice(pixels, { inputSize, classes: classes.length, run }),
      hasFeatures,
      dispose: model.release,
    },
  };
}

/** Undefined for what no network for these classes gives. */
function probabilitiesOf(data: unknown, { inputSize, classes, form }: FileReading): Float32Array | undefined {
  const area = inputSize.width * inputSize.height;
  if (form.output === 'labels')
    return data instanceof Uint8Array && data.length === area ? sureOf(data, classes.length) : undefined;
  if (!(data instanceof Float32Array) || data.length !== classes.length * area) return undefined;
  return data.every((value) => value >= 0 && value <= MOST_PROBABLE) ? data : undefined;
}

interface Looking {
  readonly inputSize: Size;
  readonly classes: number;
  /** @param planes [3, H, W], normalised */
  readonly run: (planes: Float32Array) => Promise<Seen>;
}

/** At a picture as it is and mirrored. */
async function lookTwice(pixels: Uint8Array, { inputSize, classes, run }: Looking): Promise<NetworkAnswer> {
  const planes = toPlanes(pixels, inputSize);
  const [seen, turned] = await Promise.all([run(planes), run(mirrored(planes, inputSize))]);
  const back = mirrored(turned.probabilities, inputSize);
  return {
    entropy: entropyOf(seen.probabilities, classes),
    disagreement: disagreementOf(seen.probabilities, back, classes),
    // Of both, so that a picture and its mirror image are alike.
    features: seen.features?.map((value, at) => (value + turned.features![at]!) / 2),
  };
}

/** @param probabilities [K, H, W] */
function entropyOf(probabilities: Float32Array, classes: number): number {
  let sum = 0;
  for (const p of probabilities) if (p > 0) sum -= p * Math.log(p);
  return sum / (probabilities.length / classes) / Math.log(Math.max(classes, 2));
}

function disagreementOf(a: Float32Array, b: Float32Array, classes: number): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!);
  return sum / 2 / (a.length / classes);
}
