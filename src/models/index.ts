/** @file Segmentation networks by name. */
import { OtxError } from '../base/errors.js';
import type { ImageModel } from '../nn/index.js';
import { type ModelName, type SegmentorConfig, segmentorConfigs } from './configurations.js';
import { fcnHead } from './fcn-head.js';
import { liteHRNet } from './lite-hrnet.js';

export { describe, type ModelDescription } from '../nn/index.js';
export { type ModelName, type SegmentorConfig, segmentorConfigs } from './configurations.js';

/** images [N, 3, H, W] → logits [N, numClasses, H', W'] at head resolution. */
export type Segmentor = ImageModel;

export interface SegmentorOptions {
  /** Background included. */
  readonly numClasses: number;
  /** Smaller or larger variants of the named network; every number is per stage. */
  readonly override?: {
    readonly modules?: readonly number[];
    readonly blocks?: readonly number[];
  };
}

/**
 * The network of that name with variables under `backbone.` and `decode_head.`.
 * @throws OtxError `template` for an unknown name, or an override that does not have one number per stage.
 */
export function createSegmentor(name: string, { numClasses, override }: SegmentorOptions): Segmentor {
  const { backbone, head } = applyOverride(findConfig(name), override);
  return (scope, images) =>
    fcnHead(
      scope.child('decode_head'),
      liteHRNet(scope.child('backbone'), images, backbone),
      numClasses,
      head,
    );
}

function findConfig(name: string): SegmentorConfig {
  if (Object.hasOwn(segmentorConfigs, name)) return segmentorConfigs[name as ModelName];
  throw new OtxError(
    'template',
    `unknown model "${name}"; known models: ${Object.keys(segmentorConfigs).join(', ')}`,
  );
}

function applyOverride(config: SegmentorConfig, override: SegmentorOptions['override']): SegmentorConfig {
  const { stages } = config.backbone;
  for (const numbers of Object.values(override ?? {}))
    if (numbers.length !== stages.length)
      throw new OtxError(
        'template',
        `the override [${numbers}] must have ${stages.length} numbers, one per stage`,
      );
  const changed = stages.map((stage, i) => ({
    ...stage,
    modules: override?.modules?.[i] ?? stage.modules,
    blocks: override?.blocks?.[i] ?? stage.blocks,
  }));
  return { ...config, backbone: { ...config.backbone, stages: changed } };
}
