/** @file A model that was exported, on the runtime: it runs in a process of its own, since its file may come from anywhere. */

import { dirname, join } from 'node:path';
import { abortable } from '../base/abortable.js';
import { messageOf, OtxError, option } from '../base/errors.js';
import type { Size } from '../data/index.js';
import { LABEL_SCHEMA_FILE, loadLabelSchema } from '../runs/label-schema.js';
import {
  confidenceThreshold,
  type HyperParameterOverrides,
  resolveHyperParameters,
  settingsOf,
} from '../settings/index.js';
import { listTemplates, loadTemplate, type Template } from '../templates/index.js';
import { LARGEST } from '../weights/check-values.js';
import { USUAL_FORM } from './file-form.js';
import { type IsolatedModel, loadIsolated } from './isolated/isolated-model.js';
import { ENTRY_KEY, type FileReading, parseEntry } from './model-entry.js';
import { guarded } from './network.js';
import {
  type Classify,
  type ModelOptions,
  type OpenedModel,
  type Reading,
  senseless,
} from './opened-model.js';
import type { ModelReader } from './readers/reader.js';
import { type Tiling, tilingOf } from './tiles/tile.js';
import { refuseModel } from './trained-model.js';

/** @throws OtxError `checkpoint`, `usage` */
export async function openExportedFile(options: ModelOptions, reader: ModelReader): Promise<OpenedModel> {
  const { weights, template } = options;
  const asked = settingsOf(options);
  refuseModel(options);
  if (template !== undefined) loadTemplate(template);
  const { model, reading } = await openExportedNetwork(options, reader, true);
  return guarded(model.release, async () => {
    const { classes, inputSize, data, form } = reading;
    const tiling = { ...reading.tiling, ...askedTiling(asked.tiling_parameters) };
    if (options.inputSize !== undefined) {
      throw new OtxError(
        'usage',
        `${weights} was exported for ${inputSize.width}x${inputSize.height}; leave ` +
          `${option('inputSize')} out`,
      );
    }
    if (form.output === 'labels' && asked.postprocessing?.confidence_threshold !== undefined) {
      throw new OtxError(
        'usage',
        `${weights} gives classes, its threshold applied; export it with probabilities to choose another one`,
      );
    }
    const threshold = thresholdOf(reading, asked.postprocessing);
    const answer = {
      classes: { length: classes.length },
      inputSize,
      threshold,
      scale: 'probabilities',
    } as const;
    const classify: Classify = async (picture, size, probabilities = false) => {
      const request = { picture, answer, form, size, probabilities };
      const classified = await unusable(weights, model.classify(request));
      if (classified) return classified;
      const pixels = inputSize.height * inputSize.width;
      const expected =
        form.output === 'labels'
          ? `${pixels} classes below ${classes.length}`
          : `${classes.length * pixels} probabilities`;
      throw senseless(weights, `what is not ${expected}`);
    };
    const hasProbabilities = form.output === 'probabilities';
    return {
      ...{ classes, inputSize, threshold, data, tiling, hasProbabilities },
      ...{ classify, atOnce: model.atOnce, dispose: model.release },
    };
  });
}

/** The network of an exported file, and what the file says of it. */
export interface ExportedNetwork {
  readonly model: IsolatedModel;
  readonly reading: FileReading;
}

/**
 * @param segments whether only classes will be asked for; see {@link IsolatedOptions}.
 * @throws OtxError `checkpoint`
 */
export async function openExportedNetwork(
  { weights, threads, signal }: Pick<ModelOptions, 'weights' | 'threads' | 'signal'>,
  reader: ModelReader,
  segments: boolean,
): Promise<ExportedNetwork> {
  const file = await reader.toOnnx(weights);
  const loading = unusable(
    weights,
    loadIsolated(file, { threads, largestWeight: LARGEST, segments, signal }),
  );
  const model = await abortable(loading, signal, 'the model was loaded');
  return guarded(model.release, async () => ({ model, reading: await readingOf(model, weights) }));
}

/** Names the file in what the runtime says of it. */
export async function unusable<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new OtxError(
      'checkpoint',
      `${path}: not a usable model (${messageOf(error)}); expected a model that "otx export" has written`,
      {
        cause: error,
      },
    );
  }
}

/**
 * What the file says of itself, or, of files that say nothing, the labels beside it.
 * @throws OtxError `checkpoint` when the file has not the form of our exports.
 */
async function readingOf({ inputs, outputs, metadata }: IsolatedModel, path: string): Promise<FileReading> {
  const entry = metadata[ENTRY_KEY];
  const said = entry === undefined ? undefined : parseEntry(entry, path);
  const source = said ? `its metadata "${ENTRY_KEY}"` : `${LABEL_SCHEMA_FILE} beside it`;
  const { layout, output } = said?.form ?? USUAL_FORM;
  const shape = inputs.find(({ name }) => name === 'input')?.shape ?? [];
  const [channels, height, width] = layout === 'nchw' ? shape.slice(1) : [shape[3], shape[1], shape[2]];
  if (channels !== 3 || typeof height !== 'number' || typeof width !== 'number') {
    const expected = layout === 'nchw' ? '[N, 3, H, W]' : '[N, H, W, 3]';
    throw new OtxError(
      'checkpoint',
      `${path}: has no input "input" ${expected} of a fixed size; only files of "otx export" are read`,
    );
  }
  const inputSize = { width, height };
  const reading = said ?? (await readingBeside(path, inputSize));
  const [, planes] = outputs.find(({ name }) => name === 'output')?.shape ?? [];
  if (output === 'probabilities' && planes !== reading.classes.length) {
    throw new OtxError(
      'checkpoint',
      `${path}: has ${planes ?? 'no'} output classes, ${source} has ${reading.classes.length}`,
    );
  }
  if (reading.inputSize.width !== width || reading.inputSize.height !== height) {
    throw new OtxError(
      'checkpoint',
      `${path}: has an input of ${width}x${height}, ${source} has ` +
        `${reading.inputSize.width}x${reading.inputSize.height}`,
    );
  }
  return reading;
}

async function readingBeside(path: string, inputSize: Size): Promise<FileReading> {
  const classes = await loadLabelSchema(join(dirname(path), LABEL_SCHEMA_FILE));
  const tiling = tilingOf(defaultsOf({}), undefined);
  return { classes, inputSize, threshold: undefined, tiling, form: USUAL_FORM };
}

/** That of the file, unless settings are given; those of this kind have the same defaults in all templates. */
function thresholdOf(
  { threshold }: Reading,
  postprocessing: HyperParameterOverrides['postprocessing'],
): number | undefined {
  if (postprocessing === undefined || Object.keys(postprocessing).length === 0) return threshold;
  return confidenceThreshold(defaultsOf({ postprocessing }));
}

/** Settings of this kind have the same defaults in all templates. */
const defaultsOf = (asked: HyperParameterOverrides) => {
  const [anyTemplate] = listTemplates() as [Template];
  return resolveHyperParameters(anyTemplate, asked);
};

/** What settings say of windows, where they are given. */
const askedTiling = ({
  tile_size: tile,
  tile_overlap: overlap,
}: NonNullable<HyperParameterOverrides['tiling_parameters']> = {}): Partial<Tiling> => ({
  ...(tile !== undefined && { tile }),
  ...(overlap !== undefined && { overlap }),
});
