/**
 * @file What contrastive training adds to a backbone (DetCon, https://arxiv.org/abs/2103.10957): features averaged over
 * regions of the image, and two small networks on them.
 */
import { OtxError } from '../base/errors.js';
import {
  cast,
  concat,
  div,
  equal,
  matMul,
  maximum,
  reduceSum,
  relu,
  reshape,
  resizeBilinearTransposed,
  type Tensor,
} from '../graph/index.js';
import { batchNormRows, fanInNormal, type Initializer, linear, normalInit, type Scope } from '../nn/index.js';
import { type ModelName, segmentorConfigs } from './configurations.js';

export interface ContrastiveConfig {
  /** Feature maps of the backbone that are used, from the first to before the second. */
  readonly maps: readonly [number, number];
  /** Channels of these maps together. */
  readonly channels: number;
  /** Pixels per position of the first of these maps, to which masks are reduced. */
  readonly stride: number;
  /** Width of the hidden layers. */
  readonly hidden: number;
  /** Width of the vectors that are compared. */
  readonly width: number;
}

const configs: { readonly [Name in ModelName]: ContrastiveConfig } = {
  'lite-hrnet-s': { maps: [0, 3], channels: 420, stride: 8, hidden: 256, width: 128 },
  'lite-hrnet-18': { maps: [0, 4], channels: 600, stride: 4, hidden: 256, width: 128 },
  'lite-hrnet-x': { maps: [0, 5], channels: 638, stride: 2, hidden: 256, width: 128 },
  'segnext-t': { maps: [1, 4], channels: 480, stride: 8, hidden: 960, width: 256 },
  'segnext-s': { maps: [1, 4], channels: 960, stride: 8, hidden: 1920, width: 256 },
  'segnext-b': { maps: [1, 4], channels: 960, stride: 8, hidden: 1920, width: 256 },
};

/** @throws OtxError `template` for an unknown name. */
export function contrastiveConfig(name: string): ContrastiveConfig {
  if (Object.hasOwn(configs, name)) return configs[name as ModelName];
  throw new OtxError(
    'template',
    `unknown model "${name}"; known models: ${Object.keys(segmentorConfigs).join(', ')}`,
  );
}

/**
 * Features averaged over sampled regions: the maps that `config` names, resized bilinearly to the first of them and joined,
 * then the mean over the positions of each region; zero for a region without any.
 *
 * Resizing and averaging are both linear, so that the few masks are brought to the maps here and not the many channels to
 * the masks.
 *
 * @param features of the backbone, [N, Cᵢ, hᵢ, wᵢ]
 * @param regions uint8 [N, h, w], which region each position of the first map is in
 * @param ids uint8 [N, R], the regions to average over
 * @returns [N·R, C]
 */
export function pooledRegions(
  features: readonly Tensor[],
  regions: Tensor,
  ids: Tensor,
  { maps }: ContrastiveConfig,
): Tensor {
  const used = features.slice(...maps);
  const [images, samples] = ids.shape as [number, number];
  const [h, w] = regions.shape.slice(1) as [number, number];
  if (used[0]!.shape[2] !== h || used[0]!.shape[3] !== w)
    throw new OtxError(
      'graph',
      `regions of ${h}x${w} positions do not fit features of ${used[0]!.shape.slice(2).join('x')}`,
    );
  const masks = cast(
    equal(
      reshape(cast(regions, 'float32'), [images, 1, h, w]),
      reshape(cast(ids, 'float32'), [images, samples, 1, 1]),
    ),
    'float32',
  );
  const areas = maximum(reduceSum(masks, { axes: [2, 3], keepDims: true }), 1);
  const shares = div(masks, areas);
  const means = used.map((map) => {
    const [, channels, rows, cols] = map.shape as [number, number, number, number];
    const weights = resizeBilinearTransposed(shares, [rows, cols]);
    return matMul(
      reshape(weights, [images, samples, rows * cols]),
      reshape(map, [images, channels, rows * cols]),
      { transB: true },
    );
  });
  const joined = concat(means, 2);
  return reshape(joined, [images * samples, joined.shape[2]!]);
}

/** [n, C] → [n, width], of the online and of the target network. */
export function projector(scope: Scope, x: Tensor, { hidden, width }: ContrastiveConfig): Tensor {
  return twoLayers(scope, x, [hidden, width], fanInNormal);
}

/** [n, width] → [n, width], of the online network alone: what it expects the target network to say. */
export function predictor(scope: Scope, x: Tensor, { hidden, width }: ContrastiveConfig): Tensor {
  return twoLayers(scope, x, [hidden, width], normalInit(0.01));
}

/** Linear, batch norm, ReLU, linear; named by position. */
function twoLayers(
  scope: Scope,
  x: Tensor,
  [hidden, width]: readonly [number, number],
  init: Initializer,
): Tensor {
  const first = linear(scope.child(0), x, { features: hidden, init });
  const active = scope.trace(() => relu(batchNormRows(scope.child(1), first)));
  return linear(scope.child(3), active, { features: width, init });
}
