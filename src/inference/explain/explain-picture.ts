/** @file One picture explained: maps of what a model sees in it, all at one size that fits memory. */

import { previewOf, readBytes } from '../../data/images/decoder.js';
import { atInputSize, toPlanes } from '../../data/images/network-input.js';
import type { PictureRows } from '../../data/images/rows.js';
import type { Size } from '../../data/index.js';
import { resizeImage } from '../../data/transforms/resize.js';
import { grayLevels } from '../../drawing/heat.js';
import type { RgbImage } from '../../drawing/overlay.js';
import type { Classified } from '../class-map.js';
import { openPicture } from '../image-source.js';
import type { OpenedModel } from '../opened-model.js';
import { sharesOf, wholeOf } from '../segment-picture.js';
import { classifyTiles } from '../tiles/classify-tiles.js';
import { tileFor } from '../tiles/tile.js';
import { windowNetworkOf } from '../tiles/window-network.js';
import { activation, classActivation, type GrayMap, resizedMap } from './activation.js';
import type { ExplainAlgorithm } from './algorithms.js';
import { entropyMap } from './entropy.js';
import type { FeatureNetwork } from './feature-network.js';
import { occlusionMaps } from './occlusion.js';

/** Longest side of maps. What a network says is not finer, and probabilities of all classes are large. */
const LONGEST_SIDE = 1024;

/** What a map shows. */
export type MapKind = 'probability' | 'class-activation' | 'activation' | 'entropy' | 'occlusion';

/** A map of a picture. */
export interface PictureMap {
  readonly kind: MapKind;
  /** Index of the class that it is of; undefined for a map of all. */
  readonly classIndex: number | undefined;
  /** 8 bits a pixel. */
  readonly levels: Uint8Array;
  /** The value of level 255. Of occlusion it is the largest one, which may be small; of all else 1. */
  readonly full: number;
}

/** What is said of a picture. */
export interface Explanation extends Size {
  /** At the size of the maps. */
  readonly image: RgbImage;
  /** Class of each pixel. */
  readonly labels: Uint8Array;
  /** Share of the pixels of each class. */
  readonly shares: readonly number[];
  /** Mean over the pixels, 0 to 1. */
  readonly entropy: number;
  readonly maps: readonly PictureMap[];
  /** A defect of the picture file that could be decoded around. */
  readonly warning: string | undefined;
  /** It was looked at in windows, of which there are no features and no occlusion. */
  readonly isTiled: boolean;
}

/** How pictures are explained. */
export interface Explainer {
  readonly model: OpenedModel;
  readonly features: FeatureNetwork | undefined;
  readonly algorithms: ReadonlySet<ExplainAlgorithm>;
  /** Also classes that the picture does not show, and the background. */
  readonly allClasses: boolean;
  readonly signal: AbortSignal | undefined;
}

/** @throws OtxError `image` for a picture that cannot be decoded, `numeric`, `aborted` */
export async function explainPicture(explainer: Explainer, path: string): Promise<Explanation> {
  const { model } = explainer;
  const rows = await openPicture(path, model.data?.imageReading);
  const size = fitted(rows);
  const tile = tileFor(model.tiling, rows);
  const pixels = tile ? undefined : atInputSize(await wholeOf(rows), model.inputSize);
  const { labels, probabilities } = tile
    ? await classifyTiles(rows, tile, windowNetworkOf(model), {
        ...{ wantsProbabilities: true, resultSize: size, signal: explainer.signal },
      })
    : await model.classify(pixels!, size, true);
  const shares = sharesOf(labels, model.classes.length);
  const entropy = entropyMap(probabilities!, model.classes.length, size);
  const seen: Seen = { size, probabilities: probabilities!, shares, entropy };
  return {
    ...size,
    image: await imageAt(size, rows, path),
    ...{ labels, shares, entropy: meanOf(entropy.data), warning: rows.warning, isTiled: tile !== undefined },
    maps: [...mapsOf(explainer, seen), ...(pixels ? await mapsOfNetwork(explainer, seen, pixels) : [])],
  };
}

interface Seen {
  readonly size: Size;
  readonly probabilities: NonNullable<Classified['probabilities']>;
  readonly shares: readonly number[];
  readonly entropy: GrayMap;
}

/** Those that probabilities are enough for. */
function mapsOf(explainer: Explainer, seen: Seen): PictureMap[] {
  const { algorithms } = explainer;
  const { entropy } = seen;
  const maps: PictureMap[] = [];
  if (algorithms.has('Entropy')) maps.push(pictureMap('entropy', undefined, entropy, seen.size));
  if (!algorithms.has('ClassWiseSaliencyMap')) return maps;
  const classes = explainedClasses(explainer, seen);
  return [...maps, ...classes.map((k) => pictureMap('probability', k, probabilityOf(k, seen), seen.size))];
}

/** Those for which the network is asked once more. @param pixels at the size of its input */
async function mapsOfNetwork(explainer: Explainer, seen: Seen, pixels: Uint8Array): Promise<PictureMap[]> {
  const { model, features, algorithms, signal } = explainer;
  const { size } = seen;
  const classes = explainedClasses(explainer, seen);
  const maps: PictureMap[] = [];
  const levels = await features?.maps(pixels);
  if (levels && algorithms.has('ActivationMap')) {
    maps.push(pictureMap('activation', undefined, activation(levels), size));
  }
  if (levels && algorithms.has('ClassWiseSaliencyMap')) {
    for (const k of classes) {
      const found = classActivation(levels, probabilityOf(k, seen));
      maps.push(pictureMap('class-activation', k, found, size));
    }
  }
  if (algorithms.has('Occlusion')) {
    const planes = toPlanes(pixels, model.inputSize);
    const lost = await occlusionMaps(planes, windowNetworkOf(model), signal);
    maps.push(...classes.map((k) => pictureMap('occlusion', k, lost[k]!, size)));
  }
  return maps;
}

/** The background explains itself by what else there is, and is left to those who ask for all. */
function explainedClasses({ allClasses, model }: Explainer, { shares }: Seen): number[] {
  const all = model.classes.map((_, index) => index);
  return allClasses ? all : all.filter((index) => index > 0 && shares[index]! > 0);
}

function probabilityOf(index: number, { probabilities, size }: Seen): GrayMap {
  const area = size.width * size.height;
  return { ...size, data: probabilities.subarray(index * area, (index + 1) * area) };
}

function pictureMap(
  kind: MapKind,
  classIndex: number | undefined,
  map: GrayMap,
  { width, height }: Size,
): PictureMap {
  const { data } = resizedMap(map, { width, height });
  const full = kind === 'occlusion' ? map.data.reduce((most, value) => Math.max(most, value), 0) : 1;
  const levels = grayLevels(full > 0 && full !== 1 ? data.map((value) => value / full) : data);
  return { kind, classIndex, levels, full };
}

function fitted({ width, height }: Size): Size {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  return { width: side(width), height: side(height) };
}

/** @param path of a picture that is too large to be in memory as a whole. */
async function imageAt(size: Size, rows: PictureRows, path: string): Promise<RgbImage> {
  const image = rows.whole ?? (await previewOf(await readBytes(path), path, LONGEST_SIDE));
  if (image.width === size.width && image.height === size.height) return image;
  return { ...size, data: resizeImage(image.data, image, size) };
}

function meanOf(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
