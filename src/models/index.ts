/** @file Segmentation networks by name. */
import { OtxError } from '../base/errors.js';
import type { Tensor } from '../graph/index.js';
import type { ImageModel, Scope } from '../nn/index.js';
import { type ModelName, type SegmentorConfig, segmentorConfigs } from './configurations.js';
import { fcnHead } from './fcn-head.js';
import { type HamOutputs, lightHamHead } from './light-ham-head.js';
import { liteHRNet } from './lite-hrnet.js';
import { mscan } from './mscan.js';

export { describe, type ModelDescription } from '../nn/index.js';
export { type ModelName, type SegmentorConfig, segmentorConfigs } from './configurations.js';
export {
  type ContrastiveConfig,
  contrastiveConfig,
  pooledRegions,
  predictor,
  projector,
} from './contrastive.js';

export type { HamOutputs } from './light-ham-head.js';
export { PROJECTION_AXES, type PrototypeOptions, prototypeNetwork } from './prototype-network.js';

/** images [N, 3, H, W] → logits [N, numClasses, H', W'] at head resolution. */
export type Segmentor = ImageModel;

export interface SegmentorOptions {
  /** Background included. */
  readonly numClasses: number;
  /** Smaller or larger variants of the named Lite-HRNet; every number is per stage. */
  readonly override?: {
    readonly modules?: readonly number[];
    readonly blocks?: readonly number[];
  };
}

/** images [N, 3, H, W] → feature maps, highest resolution first. */
export type Backbone = (scope: Scope, images: Tensor) => readonly Tensor[];

/**
 * Makes a network of the caller's own.
 *
 * @param options how many classes it has to tell apart, background included.
 * @returns a function from images, float32 [N, 3, H, W], normalised RGB, to logits, float32 [N, numClasses, h, w], of any
 * resolution. It asks its scope for parameters by name.
 */
export type CreateModel = (options: { readonly numClasses: number }) => Segmentor;

/** What a checkpoint names in place of a network of this package. */
export const OWN_MODEL = 'own';

/**
 * The network of that name with variables under `backbone.` and `decode_head.`.
 * @throws OtxError `template` for an unknown name, or an override that does not fit the network.
 */
export function createSegmentor(name: string, { numClasses, override }: SegmentorOptions): Segmentor {
  const config = override ? overridden(findConfig(name), override) : findConfig(name);
  const [backbone, head] = [backboneOf(config), headOf(config)];
  return (scope, images) =>
    head(scope.child('decode_head'), backbone(scope.child('backbone'), images), numClasses);
}

/** feature maps of the backbone, highest resolution first → logits [N, numClasses, H', W']. */
export type Head = (scope: Scope, features: readonly Tensor[]) => Tensor;

/**
 * The head of the network of that name; the scope handed to it is the head's own.
 * @param numClasses background included.
 * @throws OtxError `template` for an unknown name.
 */
export function createHead(name: string, numClasses: number): Head {
  const head = headOf(findConfig(name));
  return (scope, features) => head(scope, features, numClasses);
}

/**
 * The feature extractor of the network of that name; the scope handed to it is the backbone's own.
 * @throws OtxError `template` for an unknown name.
 */
export function createBackbone(name: string): Backbone {
  return backboneOf(findConfig(name));
}

/** images [N, 3, H, W] → logits, and the features that they are made of. */
export type FeatureSegmentor = (scope: Scope, images: Tensor) => HamOutputs;

/**
 * The network of that name where its features can be compared with prototypes, which is to say a SegNeXt; otherwise
 * undefined. Its variables and logits are those of {@link createSegmentor}.
 * @throws OtxError `template` for an unknown name.
 */
export function createFeatureSegmentor(
  name: string,
  { numClasses }: Pick<SegmentorOptions, 'numClasses'>,
): FeatureSegmentor | undefined {
  const config = findConfig(name);
  if (config.family !== 'segnext') return undefined;
  return (scope, images) => {
    const features = mscan(scope.child('backbone'), images, config.backbone);
    return lightHamHead(scope.child('decode_head'), features, numClasses, config.head);
  };
}

function backboneOf(config: SegmentorConfig): Backbone {
  return config.family === 'segnext'
    ? (scope, images) => mscan(scope, images, config.backbone)
    : (scope, images) => liteHRNet(scope, images, config.backbone);
}

function headOf(
  config: SegmentorConfig,
): (scope: Scope, features: readonly Tensor[], numClasses: number) => Tensor {
  return config.family === 'segnext'
    ? (scope, features, numClasses) => lightHamHead(scope, features, numClasses, config.head).logits
    : (scope, features, numClasses) => fcnHead(scope, features, numClasses, config.head);
}

function findConfig(name: string): SegmentorConfig {
  if (Object.hasOwn(segmentorConfigs, name)) return segmentorConfigs[name as ModelName];
  throw new OtxError(
    'template',
    `unknown model "${name}"; known models: ${Object.keys(segmentorConfigs).join(', ')}`,
  );
}

function overridden(
  config: SegmentorConfig,
  override: NonNullable<SegmentorOptions['override']>,
): SegmentorConfig {
  if (config.family !== 'lite-hrnet')
    throw new OtxError('template', 'only Lite-HRNets have variants with other numbers of modules and blocks');
  const { stages } = config.backbone;
  for (const numbers of Object.values(override))
    if (numbers.length !== stages.length)
      throw new OtxError(
        'template',
        `the override [${numbers}] must have ${stages.length} numbers, one per stage`,
      );
  const changed = stages.map((stage, i) => ({
    ...stage,
    modules: override.modules?.[i] ?? stage.modules,
    blocks: override.blocks?.[i] ?? stage.blocks,
  }));
  return { ...config, backbone: { ...config.backbone, stages: changed } };
}
