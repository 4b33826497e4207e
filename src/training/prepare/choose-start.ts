/** @file What a new training starts from: the published ImageNet backbone, the embedded one, given weights, or random numbers. */

import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { messageOf, OtxError } from '../../base/errors.js';
import { megabytes } from '../../base/text.js';
import { createSegmentor, describe } from '../../models/index.js';
import { findWeights } from '../../runs/checkpoint.js';
import type { TrainEvent } from '../../runs/events.js';
import type { StartRecord } from '../../runs/start.js';
import type { PretrainedChoice } from '../../settings/pretrained-choice.js';
import { embeddedBackbone, type Template, templatesWithBackbone } from '../../templates/index.js';
import { sha256Of } from '../../weights/checksum.js';
import { type EmbeddedBackbone, readEmbedded } from '../../weights/embedded.js';
import { DownloadFailure } from '../../weights/http-get.js';
import {
  type BackboneSource,
  fetchPretrained,
  matchWeights,
  type PretrainedOptions,
  readWeights,
  SHORT_PATIENCE,
  type WeightTensor,
} from '../../weights/index.js';

/** A backbone that was read. */
export interface Backbone {
  /** Its file. */
  readonly source: string;
  readonly tensors: ReadonlyMap<string, WeightTensor>;
}

/** The start of a training. */
export interface Start {
  /** Undefined for a run of an earlier version that goes on. */
  readonly record: StartRecord | undefined;
  /** Undefined where none is used. */
  readonly backbone?: Backbone | undefined;
}

export interface ChooseStartOptions {
  readonly choice: PretrainedChoice;
  readonly template: Pick<Template, 'name' | 'model'>;
  /** Whether the network is the program's own, of which nothing is published. */
  readonly isOwnModel: boolean;
  readonly source?: BackboneSource | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent: (event: TrainEvent) => void;
  /** For `auto`. Default: the server has to answer within five seconds. */
  readonly patience?: PretrainedOptions['patience'];
}

/** SHA-256 digits of a line; checkpoints have all of them. */
const DIGITS = 12;
const RANDOM = 'all weights start from random numbers, which takes more images and epochs';
const INTENDED = '--pretrained none says that this is intended';

/**
 * Gets and reads what `choice` says, and tells in one line what the training starts from.
 *
 * @throws OtxError `checkpoint` for a backbone that is not to be had or is of another network, except where `auto` has something
 * else to start from; `usage` for `embedded` where there is none; `aborted` when the signal fires.
 */
export async function chooseStart(options: ChooseStartOptions): Promise<Start> {
  switch (options.choice) {
    case 'none':
      return { record: { kind: 'none' } };
    case 'imagenet':
      return told(options, await published(options));
    case 'embedded':
      return told(options, await embedded(await requireEmbedded(options), options));
    case 'auto':
      return firstToBeHad(options);
  }
}

/** The record of weights that were given. */
export async function givenStart(weights: string): Promise<Start> {
  try {
    return { record: await recordOf('weights', await findWeights(weights)) };
  } catch {
    // Who opens them says what is wrong with them.
    return { record: { kind: 'weights' } };
  }
}

/**
 * The embedded backbone of a template.
 *
 * @throws OtxError `usage` with the templates that have one, where this has none.
 */
export async function requireEmbedded({
  template,
  source,
}: Pick<ChooseStartOptions, 'template' | 'source'>): Promise<EmbeddedBackbone> {
  const own = await embeddedBackbone(template, source?.embeddedDir);
  if (own) return own;
  const templates = await templatesWithBackbone(source?.embeddedDir);
  const known = templates.length > 0 ? `templates that have one: ${templates.join(', ')}` : 'no template has';
  throw new OtxError(
    'usage',
    `${template.name} has no embedded backbone (${known}); choose auto, imagenet or none in place of embedded`,
  );
}

async function firstToBeHad(options: ChooseStartOptions): Promise<Start> {
  const { template, source, onEvent, isOwnModel, patience = SHORT_PATIENCE } = options;
  const notice = (message: string) => onEvent({ type: 'notice', message });
  if (isOwnModel) {
    notice(`${RANDOM}: there is no backbone of a network of one's own (${INTENDED})`);
    return { record: { kind: 'none' } };
  }
  let reason: string;
  try {
    return told(options, await published({ ...options, patience }));
  } catch (error) {
    reason = `the published ImageNet backbone is not to be had (${whyNot(error)})`;
  }
  const own = await embeddedBackbone(template, source?.embeddedDir);
  if (own) return told(options, await embedded(own, options), `${reason}; `);
  notice(`${reason}, and ${template.name} has no embedded one; ${RANDOM} (${INTENDED})`);
  return { record: { kind: 'none' } };
}

/** @throws what is not about this backbone. */
function whyNot(error: unknown): string {
  if (!(error instanceof OtxError) || !['checkpoint', 'output'].includes(error.code)) throw error;
  return messageOf(error.cause instanceof DownloadFailure ? error.cause : error);
}

interface Found {
  readonly record: StartRecord;
  readonly backbone: Backbone;
  /** For people, after "starts from". */
  readonly what: string;
}

async function published(options: ChooseStartOptions): Promise<Found> {
  const { template, source: { baseUrl, cacheDir } = {}, signal, onEvent, patience } = options;
  let isDownloaded = false;
  const file = await fetchPretrained(template.model, {
    ...{ baseUrl, cacheDir, signal, patience },
    onProgress: (progress) => {
      isDownloaded = true;
      onEvent({ type: 'download', ...progress });
    },
  });
  const { tensors } = await readWeights(file);
  const backbone = checked({ source: file, tensors }, template);
  const place = isDownloaded ? 'downloaded' : 'in the cache';
  return {
    backbone,
    record: await recordOf('imagenet', file),
    what: `the published ImageNet backbone ${basename(file)}, ${place}`,
  };
}

async function embedded(own: EmbeddedBackbone, { template }: ChooseStartOptions): Promise<Found> {
  const backbone = checked({ source: own.path, tensors: await readEmbedded(own) }, template);
  return {
    backbone,
    record: await recordOf('embedded', own.path),
    what: `the embedded backbone of ${own.template}`,
  };
}

function told({ onEvent }: ChooseStartOptions, { record, backbone, what }: Found, before = ''): Start {
  const { bytes = 0, sha256 = '' } = record;
  const message = `${before}starts from ${what} (${megabytes(bytes)}, SHA-256 ${sha256.slice(0, DIGITS)}…)`;
  onEvent({ type: 'notice', message });
  return { record, backbone };
}

async function recordOf(kind: StartRecord['kind'], path: string): Promise<StartRecord> {
  return { kind, file: basename(path), bytes: (await stat(path)).size, sha256: await sha256Of(path) };
}

/** @throws OtxError `checkpoint` for the backbone of another network. */
function checked(backbone: Backbone, { model }: Pick<Template, 'model'>): Backbone {
  const { variables } = describe(createSegmentor(model, { numClasses: 2 }), [1, 3, 64, 64]);
  matchWeights(backbone.tensors, variables, { source: backbone.source, expectBackbone: true });
  return backbone;
}
