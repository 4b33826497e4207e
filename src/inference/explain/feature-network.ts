/** @file The maps of a network's backbone for a picture, of a checkpoint or of an exported file that has its features. */

import { abortable } from '../../base/abortable.js';
import { messageOf, OtxError } from '../../base/errors.js';
import { type NetworkPicture, toPlanes } from '../../data/images/network-input.js';
import { type CompiledModel, createEngine } from '../../engine/engine.js';
import type { TensorValue } from '../../engine/protocol.js';
import { type FeatureMapsModel, featureMapsOf } from '../../graph/onnx/feature-maps-of.js';
import { createBackbone, OWN_MODEL } from '../../models/index.js';
import { LARGEST } from '../../weights/check-values.js';
import { fileInput } from '../file-form.js';
import { loadIsolated } from '../isolated/isolated-model.js';
import { guarded } from '../network.js';
import { encodeNetwork } from '../network-file.js';
import { type ModelOptions, senseless } from '../opened-model.js';
import { readingOfFile } from '../portable-model.js';
import { readerOf } from '../readers/index.js';
import type { ModelReader } from '../readers/reader.js';
import { loadTrainedModel } from '../trained-model.js';

/** Maps of one resolution. */
export interface FeatureMaps {
  readonly channels: number;
  readonly width: number;
  readonly height: number;
  /** [channels, height, width] */
  readonly data: Float32Array;
}

/** A backbone that is ready for pictures. */
export interface FeatureNetwork {
  /** Maps of each resolution. @param picture at the size of the network input. @throws OtxError `numeric`, `checkpoint` */
  maps(picture: NetworkPicture): Promise<readonly FeatureMaps[]>;
  dispose(): Promise<void>;
}

const OUTPUT = 'feature_vector';

/**
 * Opens the backbone of a model.
 *
 * @returns a sentence on why there is none, where there is none.
 * @throws OtxError `checkpoint`, `usage`
 */
export async function openFeatures(options: ModelOptions): Promise<FeatureNetwork | string> {
  const reader = await readerOf(options.weights);
  return reader ? ofFile(options, reader) : ofCheckpoint(options);
}

async function ofCheckpoint(options: ModelOptions): Promise<FeatureNetwork | string> {
  const { weights, threads, signal } = options;
  const trained = await loadTrainedModel(options);
  if (trained.template.model === OWN_MODEL) {
    return `${weights}: was trained with a network of a program's own, of which nobody knows what its features are`;
  }
  const { inputSize } = trained;
  const file = encodeNetwork(trained, { backbone: createBackbone(trained.template.model) });
  const found = featureMapsOf(file, OUTPUT);
  if (!found) throw new OtxError('graph', `the features of ${trained.template.name} are no means of maps`);
  const engine = await createEngine({ threads });
  return guarded(
    () => engine.dispose(),
    async () => {
      const model = await abortable(engine.load(found.bytes), signal, 'the backbone was compiled');
      const shape = [1, 3, inputSize.height, inputSize.width];
      return {
        maps: async (picture) =>
          mapsFrom(model, found, { shape, data: toPlanes(picture, inputSize) }, weights),
        dispose: () => engine.dispose(),
      };
    },
  );
}

async function ofFile(
  { weights, threads, signal }: ModelOptions,
  reader: ModelReader,
): Promise<FeatureNetwork | string> {
  const file = await reader.toOnnx(weights);
  const found = featureMapsOf(file, OUTPUT);
  if (!found) {
    return `${weights}: has no features, without which there are no activations; export it with them (otx export --dump-features), or give the checkpoint`;
  }
  const { form, inputSize } = readingOfFile(file, weights);
  const model = await loadIsolated(found.bytes, { threads, largestWeight: LARGEST, signal });
  return {
    maps: async (picture) => mapsFrom(model, found, fileInput(picture, inputSize, form), weights),
    dispose: () => model.release(),
  };
}

async function mapsFrom(
  model: Pick<CompiledModel, 'run'>,
  { maps }: FeatureMapsModel,
  fed: { readonly shape: readonly number[]; readonly data: Float32Array },
  weights: string,
): Promise<FeatureMaps[]> {
  const outputs = await model.run({ input: { dtype: 'float32', ...fed } }).catch((error: unknown) => {
    throw new OtxError('checkpoint', `${weights}: its features cannot be computed (${messageOf(error)})`, {
      cause: error,
    });
  });
  return maps.map((name) => mapOf(outputs[name], weights));
}

function mapOf(value: TensorValue | undefined, weights: string): FeatureMaps {
  const [batch, channels = 0, height = 0, width = 0] = value?.shape ?? [];
  const data = value?.data;
  const isMap = batch === 1 && value?.shape.length === 4 && channels * height * width > 0;
  if (!(data instanceof Float32Array) || !isMap || !data.every(Number.isFinite)) {
    throw senseless(weights, 'features that are no finite numbers');
  }
  return { channels, height, width, data };
}
