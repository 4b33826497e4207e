/** @file What a training in a browser gives away: checkpoints that `otx train` takes, and an ONNX file. */

import { sha256 as hashOf } from '@noble/hashes/sha2.js';
import type { ClassInfo } from '../data/types.js';
import type { EngineChoice } from '../engine/engine.js';
import { describeModel, formOf } from '../export/describe-model.js';
import { OPSETS } from '../graph/onnx/serialize.js';
import { encodeNetwork } from '../inference/network-file.js';
import { TRACED_BATCH } from '../inference/network-graph.js';
import { usualSize } from '../inference/tiles/tile.js';
import type { Segmentor } from '../models/index.js';
import type { CheckpointInfo } from '../runs/checkpoint.js';
import { checkpointBytes, type Sha256 } from '../runs/checkpoint-bytes.js';
import type { SegmentationMetrics } from '../runs/metrics.js';
import { recognisedText } from '../runs/recognised-text.js';
import type { RunState } from '../runs/run-state.js';
import type { StartRecord } from '../runs/start.js';
import { floatsOf } from '../runs/state-dict.js';
import { inputSizes } from '../settings/derived.js';
import { recordOf } from '../training/prepare/engine-record.js';
import type { SafeTensor } from '../weights/safetensors.js';
import type { MemorySample } from './dataset.js';
import type { ChosenSettings } from './settings.js';
import { version } from './version.js';

type Tensors = ReadonlyMap<string, SafeTensor>;

type Fingerprint = NonNullable<CheckpointInfo['resume']>['data']['train'];

/** Of a training that goes on: what its checkpoints say and no step changes. */
export interface RunOrigin {
  readonly start: StartRecord;
  readonly recipe: string | undefined;
  readonly knownClasses: readonly string[] | null;
  readonly config: object;
  /** What computed it. */
  readonly engine: { readonly engine?: string | undefined; readonly device?: string | undefined };
  readonly data: { readonly train: Fingerprint; readonly validation?: Fingerprint | undefined };
}

/** What the files of a run have in common. */
export interface RunFacts extends ChosenSettings {
  /** Default: it has begun here. */
  readonly origin?: RunOrigin | undefined;
  readonly model: Segmentor;
  readonly classes: readonly ClassInfo[];
  readonly train: readonly MemorySample[];
  readonly validation: readonly MemorySample[];
  readonly start: StartRecord;
  /** Of the runtime. */
  readonly threads: number;
  /** What computes the steps. */
  readonly engine: EngineChoice;
}

/** SHA-256 in hexadecimal. */
export const sha256: Sha256 = (parts) => {
  const hash = hashOf.create();
  const encoder = new TextEncoder();
  for (const part of parts) hash.update(typeof part === 'string' ? encoder.encode(part) : part);
  return Array.from(hash.digest(), (byte) => byte.toString(16).padStart(2, '0')).join('');
};

/** The documented settings, in the words of a configuration. */
const RECIPE = 'otx';

/** Where pictures lie that were in a tab; who goes on says where they are. */
const NOWHERE = { train: 'train', validation: 'val' };

/** What pictures are recognised by, as in src/runs/fingerprint.ts. */
export const fingerprintOf = (
  { classes }: Pick<RunFacts, 'classes'>,
  samples: readonly Pick<MemorySample, 'id' | 'width' | 'height'>[],
): Fingerprint => ({
  classes: classes.map(({ name }) => name),
  samples: samples.length,
  hash: sha256([recognisedText(samples)]),
});

/**
 * A checkpoint.
 *
 * @param resume whether it holds all that the training goes on with; else weights alone.
 * @throws OtxError `numeric` for weights that are no use.
 */
export function encodeRun(
  run: RunFacts,
  {
    state,
    tensors,
    metrics,
    resume,
  }: {
    readonly state: RunState;
    readonly tensors: Tensors;
    readonly metrics: SegmentationMetrics | null;
    readonly resume: boolean;
  },
): Uint8Array {
  const { classes, train, validation, hyperParameters, overrides, seed, start, threads, engine } = run;
  const { origin } = run;
  const { id, name, model } = run.template;
  const begun = {
    ...{ template: name, seed, recipe: RECIPE },
    pretrained: start.kind === 'none' ? 'none' : 'embedded',
    train_data_roots: NOWHERE.train,
    ...(validation.length > 0 && { val_data_roots: NOWHERE.validation }),
  };
  const info: CheckpointInfo = {
    format: 1,
    version,
    template: { id, name, model },
    hyperParameters: hyperParameters as never,
    classes: classes.map(({ name, color }) => ({ name, color: [...color] as [number, number, number] })),
    data: { readings: [], imageSize: usualSize(train) },
    start: { ...start },
    recipe: (origin ? origin.recipe : RECIPE) as CheckpointInfo['recipe'],
    metrics,
    progress: {
      ...{ epoch: state.epoch, step: state.updates, seed },
      best: state.best && { mDice: state.best.metrics.mDice, epoch: state.best.epoch },
    },
    ...(resume && {
      resume: {
        config: {
          ...(origin?.config ?? begun),
          hyper_parameters: overrides as Record<string, Record<string, number | string | boolean>>,
        } as NonNullable<CheckpointInfo['resume']>['config'],
        ...{ threads, ...recordOf(engine) },
        knownClasses: origin?.knownClasses ? [...origin.knownClasses] : null,
        data: {
          train: fingerprintOf(run, train),
          ...(validation.length > 0 && { validation: fingerprintOf(run, validation) }),
        },
        state: structuredClone(state),
      },
    }),
  };
  return checkpointBytes({ info, tensors }, sha256);
}

/** The file that `otx export` would write of some weights. */
export function encodeOnnx(
  { model, template, classes, train, hyperParameters }: RunFacts,
  tensors: Tensors,
): Uint8Array {
  const side = inputSizes(hyperParameters).validation;
  const inputSize = { width: side, height: side };
  const state = new Map([...tensors].map(([key, { data }]) => [key, floatsOf(data)]));
  const form = formOf({
    ...{
      batch: 'dynamic',
      opset: OPSETS.newest,
      precision: 'fp32',
      normalisation: 'outside',
      layout: 'nchw',
    },
    ...{ channels: 'rgb', outputForm: 'probabilities', dumpFeatures: false },
  });
  const about = {
    ...{ classes, hyperParameters, inputSize, template },
    data: { readings: [], imageSize: usualSize(train) },
  };
  return encodeNetwork(
    { model, state, inputSize },
    { ...form, batch: TRACED_BATCH },
    {
      ...{ name: template.name, dynamicBatch: true, opset: OPSETS.newest },
      metadata: describeModel(about, form, version),
    },
  );
}
