/**
 * @file Checkpoints: one safetensors file with the weights under the names of the reference, and in its metadata all that
 * is needed to use or continue them (template, settings, classes, scores, progress, version).
 */

import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, OtxError } from '../base/errors.js';
import { MOST_THREADS } from '../base/most-threads.js';
import { namesProblem } from '../base/names.js';
import { parseJson } from '../base/parse-json.js';
import { readBytesOf } from '../base/read-file.js';
import { version } from '../base/version.js';
import { dataReadingSchema } from '../data/index.js';
import { ENGINE_KINDS } from '../engine/settings.js';
import { checkHyperParameters } from '../settings/index.js';
import { RECIPE_NAMES } from '../settings/recipe-name.js';
import { WEIGHTS_KIND } from '../weights/byte-file.js';
import { VALUES_REMEDY } from '../weights/check-values.js';
import { readSafetensorsMetadata } from '../weights/read-weights.js';
import { decodeSafetensors, type SafeTensor } from '../weights/safetensors.js';
import { unquoted } from '../weights/unusable.js';
import { checkpointBytes, checkpointProblem, checksum, type Sha256 } from './checkpoint-bytes.js';
import { fingerprintSchema } from './fingerprint.js';
import { runConfigSchema } from './run-config.js';
import { runStateSchema } from './run-state.js';
import { startSchema } from './start.js';

/** Name of the file with the best weights in a run's `models` folder. */
export const WEIGHTS_FILE = 'weights.safetensors';
/** Name of the file with the newest weights and the optimiser's state in a run's `models` folder. */
export const LAST_FILE = 'last.safetensors';

const score = z.number().nullable();

const checkpointInfo = z.object({
  format: z.literal(1),
  /** Version of this package that wrote the file. */
  version: z.string(),
  template: z.object({ id: z.string(), name: z.string(), model: z.string() }),
  hyperParameters: z.record(z.string(), z.record(z.string(), z.union([z.number(), z.string(), z.boolean()]))),
  /** Background first. */
  classes: z
    .array(z.object({ name: z.string(), color: z.tuple([z.number(), z.number(), z.number()]) }))
    .min(1)
    .max(255),
  /** How the data was read that it learned from; without it in files of earlier versions. */
  data: dataReadingSchema.optional(),
  /** What the training started from; without it in files of earlier versions. */
  start: startSchema.optional(),
  /** What decided the settings that nobody named; without it in files of earlier versions. */
  recipe: z.enum(RECIPE_NAMES).optional(),
  /** Which average of the weights of the training these are, such as `ema`; without it they are those that were trained. */
  average: z.string().optional(),
  /** Validation scores of exactly these weights; null when they have not been validated. */
  metrics: z
    .object({
      mDice: score,
      mIoU: score,
      mAcc: score,
      aAcc: score,
      perClass: z.array(z.object({ dice: score, iou: score, acc: score, pixels: z.number() })),
    })
    .nullable(),
  progress: z.object({
    /** Epochs finished. */
    epoch: z.int().min(0),
    /** Optimiser steps made over all epochs. */
    step: z.int().min(0),
    seed: z.int(),
    /** Best validation mean Dice so far and the epoch (from 1) that reached it; null before the first validation. */
    best: z.object({ mDice: score, epoch: z.int().min(0) }).nullable(),
  }),
  /** All that is needed besides tensors to continue the training bit by bit; only in the newest checkpoint of a run. */
  resume: z
    .object({
      config: runConfigSchema,
      /** Threads of the engine, on which the last bits of all results depend. */
      threads: z.int().min(1).max(MOST_THREADS),
      /** What computed its steps, on which the last bits depend too; without it in files of earlier versions, which had `stock`. */
      engine: z.enum(ENGINE_KINDS).optional(),
      /** Of a graphics processor its name. */
      device: z.string().optional(),
      /** Classes of the weights that the run started from; null for random ones. */
      knownClasses: z.array(z.string()).nullable(),
      data: z.object({
        train: fingerprintSchema,
        validation: fingerprintSchema.optional(),
        unlabeled: fingerprintSchema.optional(),
      }),
      state: runStateSchema,
    })
    .optional(),
});

/** How a training continues. */
export type ResumeInfo = NonNullable<z.infer<typeof checkpointInfo>['resume']>;

/** What is known about the weights of a checkpoint; stored as JSON under the metadata key `otx`. */
export type CheckpointInfo = z.infer<typeof checkpointInfo>;

/** A model's weights with everything needed to use them. */
export interface Checkpoint {
  readonly info: CheckpointInfo;
  /** By state-dict key; besides those for which `isTrainingState` holds. */
  readonly tensors: ReadonlyMap<string, SafeTensor>;
}

/** Whether a checkpoint comes from self-supervised training, which has no segmentation head. */
export function isBackboneOnly({ info }: Checkpoint): boolean {
  return info.hyperParameters.algo_backend?.train_type === 'Selfsupervised';
}

/** Fills in the fields that are the same for every checkpoint written by this version. */
export function checkpointOf(
  info: Omit<CheckpointInfo, 'format' | 'version'>,
  tensors: ReadonlyMap<string, SafeTensor>,
): Checkpoint {
  return { info: { format: 1, version, ...info }, tensors };
}

/**
 * The bytes of a checkpoint's file.
 *
 * @param startedFrom weights that were given to the training, if any.
 * @throws OtxError `numeric` for weights that could not be read again, so that they do not replace good ones.
 */
export function encodeCheckpoint({ info, tensors }: Checkpoint, startedFrom?: string): Uint8Array {
  return checkpointBytes({ info, tensors }, sha256, startedFrom);
}

/**
 * Reads and verifies a checkpoint.
 *
 * @param path a `.safetensors` file, or a run's folder or its `models` folder, of which the best weights are taken.
 * @throws OtxError `checkpoint` when it is missing, damaged or was not written by this program.
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const file = await findWeights(path);
  const { tensors, metadata } = decodeSafetensors(await readBytesOf(file, WEIGHTS_KIND), file);
  if (metadata.otx === undefined) {
    throw new OtxError(
      'checkpoint',
      `${file}: holds tensors, but was not written by otx (no "otx" metadata)`,
    );
  }
  if (metadata.sha256 !== checksum(tensors, sha256)) {
    throw new OtxError(
      'checkpoint',
      `${file}: damaged (its tensors do not match their checksum); copy it again`,
    );
  }
  // Earlier versions did not write this one.
  if (metadata.sha256_otx !== undefined && metadata.sha256_otx !== sha256([metadata.otx])) {
    throw new OtxError(
      'checkpoint',
      `${file}: damaged (its settings and scores do not match their checksum); copy it again`,
    );
  }
  const problem = checkpointProblem(tensors);
  if (problem) {
    throw new OtxError('checkpoint', `${file}: not usable weights (${problem}); ${VALUES_REMEDY}`);
  }
  return { info: parseInfo(metadata.otx, file), tensors };
}

/**
 * What a checkpoint says of itself, without its weights.
 *
 * @param file the `.safetensors` file.
 * @throws OtxError `checkpoint` when it is missing, damaged or was not written by this program.
 */
export async function readCheckpointInfo(file: string): Promise<CheckpointInfo> {
  const { otx, sha256_otx } = (await readSafetensorsMetadata(file)) ?? {};
  if (otx === undefined || (sha256_otx !== undefined && sha256_otx !== sha256([otx]))) {
    throw new OtxError('checkpoint', `${file}: damaged, or not written by otx; copy it again`);
  }
  return parseInfo(otx, file);
}

/**
 * The file of weights at a path.
 *
 * @throws OtxError `checkpoint` when there is none.
 */
export async function findWeights(path: string): Promise<string> {
  const kind = await stat(path).catch(() => undefined);
  if (!kind)
    throw new OtxError(
      'checkpoint',
      `${path}: no such checkpoint; give a run folder or its .safetensors file`,
    );
  if (!kind.isDirectory()) return path;
  const candidates = ['', 'models'].map((folder) => join(path, folder, WEIGHTS_FILE));
  for (const candidate of candidates) if (await stat(candidate).catch(() => undefined)) return candidate;
  const others = await otherWeights(path);
  const hint = others.length > 0 ? `; to use ${others.join(' or ')}, give that file itself` : '';
  throw new OtxError(
    'checkpoint',
    `${path}: no weights in this folder (looked for ${candidates.join(' and ')})${hint}`,
  );
}

/** What an export, or a run that was stopped before its first validation, leaves in its folder. */
async function otherWeights(path: string): Promise<string[]> {
  const found: string[] = [];
  for (const folder of [path, join(path, 'models')]) {
    const names = await readdir(folder).catch((): string[] => []);
    const weights = names.filter((name) => /^[^.].*\.(onnx|pth|pt|safetensors)$/i.test(name));
    found.push(...weights.sort().map((name) => join(folder, name)));
  }
  return found;
}

function parseInfo(json: string, file: string): CheckpointInfo {
  let value: unknown;
  try {
    value = parseJson(json);
  } catch (error) {
    throw new OtxError('checkpoint', `${file}: damaged (its "otx" metadata is not JSON)`, { cause: error });
  }
  const parsed = checkpointInfo.safeParse(value);
  if (parsed.success) {
    const problem = namesProblem(parsed.data.classes.map(({ name }) => name));
    if (problem !== undefined) throw new OtxError('checkpoint', `${file}: ${problem}`);
    checkSettings(parsed.data, file);
    return parsed.data;
  }
  const writer =
    typeof value === 'object' && value !== null && 'version' in value
      ? unquoted(String(value.version))
      : 'unknown';
  const where = parsed.error.issues[0]?.path.join('.');
  throw new OtxError(
    'checkpoint',
    `${file}: written by otx ${writer} in a form that otx ${version} does not read (at ${unquoted(where || 'the top')})`,
  );
}

/** @throws OtxError `checkpoint` for settings that are not allowed. */
function checkSettings({ hyperParameters, resume }: CheckpointInfo, file: string): void {
  try {
    checkHyperParameters(hyperParameters);
    checkHyperParameters(resume?.config.hyper_parameters);
  } catch (error) {
    throw new OtxError('checkpoint', `${file}: damaged (${messageOf(error)})`, { cause: error });
  }
}

const sha256: Sha256 = (parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};
