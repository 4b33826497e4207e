/** @file Backbones that were trained on ImageNet and published: where they are, and how they come here. */

import { basename, join, resolve } from 'node:path';
import { cacheFolder } from '../base/cache-folder.js';
import { OtxError } from '../base/errors.js';
import type { ModelName } from '../models/index.js';
import type { Patience } from './download.js';
import { DownloadFailure } from './http-get.js';
import type { Environment } from './proxy.js';
import { obtainPublishedFile } from './published-file.js';

const OPENVINO =
  'https://storage.openvinotoolkit.org/repositories/openvino_training_extensions/models/custom_semantic_segmentation';
const OPENMMLAB = 'https://download.openmmlab.com/mmsegmentation/v0.5/pretrain/segnext';

/** Address of the published backbone of each model; it holds ImageNet-1k weights without a segmentation head. */
export const pretrainedAddresses: Readonly<Record<ModelName, string>> = {
  'lite-hrnet-s': `${OPENVINO}/litehrnetsv2_imagenet1k_rsc.pth`,
  'lite-hrnet-18': `${OPENVINO}/litehrnet18_imagenet1k_rsc.pth`,
  'lite-hrnet-x': `${OPENVINO}/litehrnetxv3_imagenet1k_rsc.pth`,
  'segnext-t': `${OPENMMLAB}/mscan_t_20230227-119e8c9f.pth`,
  'segnext-s': `${OPENMMLAB}/mscan_s_20230227-f33ccdf2.pth`,
  'segnext-b': `${OPENMMLAB}/mscan_b_20230227-3ab7d230.pth`,
};

export interface DownloadProgress {
  /** Name of the file. */
  readonly file: string;
  /** Bytes, those of an earlier attempt included. */
  readonly received: number;
  /** Bytes; undefined when the server does not tell. */
  readonly total: number | undefined;
}

export interface PretrainedOptions {
  /** In place of {@link cacheFolder}; files are in its folder `pretrained`. */
  readonly cacheDir?: string;
  /** Folder of a mirror, in place of the addresses in {@link pretrainedAddresses}; file names stay. */
  readonly baseUrl?: string;
  readonly signal?: AbortSignal;
  /** Only called when something is downloaded. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** For proxies, the cache folder and `OTX_OFFLINE`; default `process.env`. */
  readonly environment?: Environment;
  /** Default: 5 attempts, 1 to 8 seconds between them, 30 seconds of silence. */
  readonly patience?: Patience;
}

/** Where backbones come from and are kept. */
export interface BackboneSource extends Pick<PretrainedOptions, 'baseUrl' | 'cacheDir'> {
  /** Folder of embedded backbones, each a `NAME.safetensors` with its `NAME.card.json`. Default: that of the package. */
  readonly embeddedDir?: string;
}

const PATIENCE: Patience = { attempts: 5, firstPause: 1000, longestSilence: 30_000 };
/** Of who has something else to use: the server has to answer within five seconds. */
export const SHORT_PATIENCE: Patience = { ...PATIENCE, firstAnswer: 5000 };
/** The largest has some 105 MB. */
const MOST_BYTES = 1_000_000_000;

/**
 * Where the published backbone of a model is, or will be, on this machine.
 *
 * @throws OtxError `template` when none is published for it.
 */
export function pretrainedPath(
  model: string,
  { cacheDir, environment }: Pick<PretrainedOptions, 'cacheDir' | 'environment'> = {},
): string {
  const folder = cacheDir === undefined ? cacheFolder(environment) : resolve(cacheDir);
  return join(folder, 'pretrained', basename(publishedAddress(model)));
}

/**
 * The published backbone of a model as a file on this machine: from the cache, or downloaded into it. An interrupted
 * download is continued the next time; proxies are taken from `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`. With `OTX_OFFLINE=1`
 * the network is not asked.
 *
 * The SegNeXt files carry the first digits of their SHA-256 in their names, which are verified. The Lite-HRNet files do
 * not: they are trusted on first use, and their SHA-256 is noted beside them and verified from then on.
 *
 * @param model name of a network, as in `Template.model`.
 * @returns path of a `.pth` file for `readWeights`.
 * @throws OtxError `checkpoint` when it is not to be had, saying why, where to put it by hand and what the alternative is;
 * `output` when it cannot be written; `aborted` by `signal`; `usage` for a `baseUrl` that is no http or https address;
 * `template` for a model without published weights.
 */
export async function fetchPretrained(model: string, options: PretrainedOptions = {}): Promise<string> {
  const { baseUrl, environment = process.env, patience = PATIENCE, signal, onProgress } = options;
  const path = pretrainedPath(model, options);
  const file = basename(path);
  const address = addressOf(model, baseUrl);
  try {
    await obtainPublishedFile(address, path, {
      limit: MOST_BYTES,
      patience,
      environment,
      signal,
      onProgress: (received, total) => onProgress?.({ file, received, total }),
    });
  } catch (error) {
    if (!(error instanceof DownloadFailure)) throw error;
    throw new OtxError(
      'checkpoint',
      `pretrained weights of ${model} are not available from ${address}: ${error.message}; ` +
        `get the file by other means and put it at ${path}, or train from scratch with --no-pretrained ` +
        '(all weights start from random numbers: expect to need more epochs and more images)',
      { cause: error },
    );
  }
  return path;
}

function publishedAddress(model: string): string {
  if (Object.hasOwn(pretrainedAddresses, model)) return pretrainedAddresses[model as ModelName];
  throw new OtxError(
    'template',
    `no pretrained weights are published for the model "${model}", only for ${Object.keys(pretrainedAddresses).join(', ')}; train from scratch with --no-pretrained`,
  );
}

function addressOf(model: string, baseUrl: string | undefined): string {
  const published = publishedAddress(model);
  if (baseUrl === undefined) return published;
  const base = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (base?.protocol !== 'http:' && base?.protocol !== 'https:') {
    throw new OtxError('usage', `"${baseUrl}" is not an http or https address of a folder with weights`);
  }
  base.pathname = `${base.pathname.replace(/\/+$/, '')}/${basename(published)}`;
  return base.href;
}
