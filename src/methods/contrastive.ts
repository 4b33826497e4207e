/**
 * @file The contrastive half of a training step (DetCon-B, https://arxiv.org/abs/2103.10957): an online network that learns,
 * a target network that follows it, and the regions of two views of every image.
 */

import { REGION_SAMPLES } from '../data/index.js';
import { type Pack, type PackLayout, packOf, type StepBuilder } from '../engine/step.js';
import { add, concat, input, mul, reshape, slice, split, stopGradient, type Tensor } from '../graph/index.js';
import { type ContrastiveView, type DetconLoss, type DetconOptions, detconLoss } from '../losses/index.js';
import {
  type Backbone,
  type ContrastiveConfig,
  contrastiveConfig,
  createBackbone,
  type Head,
  pooledRegions,
  predictor,
  projector,
} from '../models/index.js';
import { type ImageModel, PackStore, Scope } from '../nn/index.js';
import { STATE_PREFIX } from '../weights/training-state.js';
import type { StatePack } from './method.js';
import { type ModelLayouts, modelLayouts, modelPacks, packState } from './model-state.js';
import { noiseInput } from './noise-input.js';

/** Share of itself that the target network keeps in every step; the same throughout a training. */
const MOMENTUM = 0.996;

/** Scope of all that only the contrastive loss needs. */
const BRANCH = 'detconb';
const BACKBONE = 'backbone';
const projectorOf = (scope: Scope): Scope => scope.child(BRANCH).child('online_projector').child('mlp');
const predictorOf = (scope: Scope): Scope =>
  scope.child(BRANCH).child('head').child('predictor').child('mlp');

/** Whether a variable of that name is there for the contrastive loss alone, and no part of a model that segments. */
export const isContrastive = (key: string): boolean => key.startsWith(`${BRANCH}.`);

/** A backbone with what contrastive training adds to it. */
export interface ContrastiveNetwork {
  readonly backbone: Backbone;
  readonly config: ContrastiveConfig;
  /** Draws the noise of a pass through the backbone alone. */
  readonly encoder: ImageModel;
}

/** @throws OtxError `template` for an unknown model. */
export function contrastiveNetwork(model: string): ContrastiveNetwork {
  const backbone = createBackbone(model);
  const config = contrastiveConfig(model);
  const encoder: ImageModel = (scope, images) => {
    const [first, ...others] = backbone(scope.child(BACKBONE), images) as [Tensor, ...Tensor[]];
    return others.at(-1) ?? first;
  };
  return { backbone, config, encoder };
}

/** Side of the maps to which regions are reduced. */
export const regionSide = ({ config }: ContrastiveNetwork, size: number): number =>
  Math.ceil(size / config.stride);

/** Everything that learns, as one model to be described: backbone, head if there is one, projector, predictor. */
export function onlineModel(network: ContrastiveNetwork, head?: Head): ImageModel {
  return (scope, images) => {
    const features = network.backbone(scope.child(BACKBONE), images);
    head?.(scope.child('decode_head'), features);
    const [count, , size] = images.shape as [number, number, number];
    const side = regionSide(network, size);
    const regions = input('regions', 'uint8', [count, side, side]);
    const ids = input('ids', 'uint8', [count, REGION_SAMPLES]);
    return predictions(network, scope, features, regions, ids);
  };
}

function predictions(
  { config }: ContrastiveNetwork,
  scope: Scope,
  features: readonly Tensor[],
  regions: Tensor,
  ids: Tensor,
): Tensor {
  const pooled = pooledRegions(features, regions, ids, config);
  return predictor(predictorOf(scope), projector(projectorOf(scope), pooled, config), config);
}

/** Where online and target network live in the engine. */
export interface ContrastiveLayouts extends ModelLayouts {
  /** Under the keys of the online network. */
  readonly target: ModelLayouts;
}

export function contrastiveLayouts(variables: Parameters<typeof modelLayouts>[0]): ContrastiveLayouts {
  const followed = variables.filter(({ key }) => isFollowed(key));
  const { parameters, buffers } = modelLayouts(followed);
  return {
    ...modelLayouts(variables),
    target: {
      parameters: { ...parameters, name: `target_${parameters.name}` },
      buffers: { ...buffers, name: `target_${buffers.name}` },
    },
  };
}

/** Whether the target network has a variable of that name: all but head and predictor. */
const isFollowed = (key: string): boolean =>
  key.startsWith(`${BACKBONE}.`) || key.startsWith(`${BRANCH}.online_projector.`);

/**
 * Online and target network as state of a method. The target starts as a copy. Only backbone and head have names of their
 * own in a checkpoint; all else is there for the training alone.
 */
export function contrastivePacks({ target, ...online }: ContrastiveLayouts): StatePack[] {
  const onlinePacks = modelPacks(online).map((pack) => ({
    ...pack,
    nameOf: (key: string) => (isContrastive(key) ? STATE_PREFIX + key : key),
  }));
  const targetName = (key: string): string =>
    isContrastive(key) ? key.replace('online_', 'target_') : `${BRANCH}.target_${key}`;
  const targetPacks = [target.parameters, target.buffers].map((layout) => ({
    layout,
    nameOf: (key: string) => STATE_PREFIX + targetName(key),
    start: (weights: ReadonlyMap<string, Float32Array>) => packState(layout, weights),
  }));
  return [...onlinePacks, ...targetPacks];
}

/** What a contrastive step takes: B images in two views, all of the first before all of the second. */
export interface ContrastiveInputs {
  /** float32 [2B, 3, S, S] */
  readonly images: Tensor;
  /** uint8 [2B, h, w], the region that each position of the features is in */
  readonly regions: Tensor;
  /** uint8 [2B, {@link REGION_SAMPLES}], regions that the online network is asked about */
  readonly onlineIds: Tensor;
  /** The same for the target network, drawn independently. */
  readonly targetIds: Tensor;
}

/** Declares `images`, `regions`, `online_ids` and `target_ids`. */
export function contrastiveInputs(
  step: StepBuilder,
  network: ContrastiveNetwork,
  { batchSize, size }: { readonly batchSize: number; readonly size: number },
): ContrastiveInputs {
  const count = 2 * batchSize;
  const side = regionSide(network, size);
  return {
    images: step.input('images', 'float32', [count, 3, size, size]),
    regions: step.input('regions', 'uint8', [count, side, side]),
    onlineIds: step.input('online_ids', 'uint8', [count, REGION_SAMPLES]),
    targetIds: step.input('target_ids', 'uint8', [count, REGION_SAMPLES]),
  };
}

/** The online network in this step. */
export interface OnlinePass {
  readonly scope: Scope;
  /** Of the backbone, for the images of both views. */
  readonly features: readonly Tensor[];
  readonly parameters: Pack;
}

/**
 * Moves the target network, passes the images through it, and compares. Its parameters follow those that the step begins
 * with, before its pass; its running statistics are those of its own passes. No gradient flows into it.
 */
export function contrastiveLoss(
  step: StepBuilder,
  network: ContrastiveNetwork,
  { target }: ContrastiveLayouts,
  inputs: ContrastiveInputs,
  online: OnlinePass,
  options?: DetconOptions,
): DetconLoss {
  const before = step.pack(target.parameters);
  const buffers = step.pack(target.buffers);
  const followed = stopGradient(entriesOf(online.parameters, target.parameters));
  const moved = add(mul(before.flat, MOMENTUM), mul(followed, 1 - MOMENTUM));
  const noise = noiseInput(step, 'noise_target', network.encoder, inputs.images.shape);
  const store = new PackStore([packOf(target.parameters, moved), buffers], noise);
  const scope = new Scope(store, true);
  const features = network.backbone(scope.child(BACKBONE), inputs.images);
  const pooled = pooledRegions(features, inputs.regions, inputs.targetIds, network.config);
  const targets = projector(projectorOf(scope), pooled, network.config);
  step.update(target.parameters.name, moved);
  step.update(target.buffers.name, store.applyBufferUpdates(buffers));

  const predicted = predictions(network, online.scope, online.features, inputs.regions, inputs.onlineIds);
  const [first, second] = [0, 1].map((view): ContrastiveView => {
    const ofView = (x: Tensor): Tensor =>
      half(reshape(x, [inputs.images.shape[0]!, REGION_SAMPLES, -1]), view);
    return {
      predictions: ofView(predicted),
      predictionIds: half(inputs.onlineIds, view),
      targets: ofView(targets),
      targetIds: half(inputs.targetIds, view),
    };
  }) as [ContrastiveView, ContrastiveView];
  return detconLoss([first, second], options);
}

/** One half of x along its first axis. */
function half(x: Tensor, index: number): Tensor {
  const count = x.shape[0]! / 2;
  return split(x, [count, count], 0)[index]!;
}

/** The entries of `pack` that `layout` has, one after the other; both are in the same order. */
function entriesOf({ layout: { entries }, flat }: Pack, layout: PackLayout): Tensor {
  const wanted = new Set(layout.entries.map(({ key }) => key));
  const runs: { start: number; end: number }[] = [];
  for (const { key, offset, size } of entries) {
    if (!wanted.has(key)) continue;
    const last = runs.at(-1);
    if (last?.end === offset) last.end += size;
    else runs.push({ start: offset, end: offset + size });
  }
  return concat(
    runs.map(({ start, end }) => slice(flat, 0, start, end)),
    0,
  );
}
