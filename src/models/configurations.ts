/** @file The configurations of the supported networks, as data. */
import type { FcnHeadConfig } from './fcn-head.js';
import type { LiteHRNetConfig } from './lite-hrnet.js';

export interface SegmentorConfig {
  readonly backbone: LiteHRNetConfig;
  readonly head: FcnHeadConfig;
}

export const segmentorConfigs = {
  'lite-hrnet-s': {
    backbone: {
      stem: { channels: 32, strides: [2, 2], extraStride: true },
      stages: [
        { modules: 4, blocks: 2, reduceRatio: 8, channels: [60, 120] },
        { modules: 4, blocks: 2, reduceRatio: 8, channels: [60, 120, 240] },
      ],
    },
    head: { minChannels: 0 },
  },
  'lite-hrnet-18': {
    backbone: {
      stem: { channels: 32, strides: [2, 2], extraStride: false },
      stages: [
        { modules: 2, blocks: 2, reduceRatio: 8, channels: [40, 80] },
        { modules: 4, blocks: 2, reduceRatio: 8, channels: [40, 80, 160] },
        { modules: 2, blocks: 2, reduceRatio: 8, channels: [40, 80, 160, 320] },
      ],
    },
    head: { minChannels: 0 },
  },
  'lite-hrnet-x': {
    backbone: {
      stem: { channels: 60, strides: [2, 1], extraStride: false },
      stages: [
        { modules: 2, blocks: 2, reduceRatio: 2, channels: [18, 60] },
        { modules: 4, blocks: 2, reduceRatio: 4, channels: [18, 60, 80] },
        { modules: 4, blocks: 2, reduceRatio: 8, channels: [18, 60, 80, 160] },
        { modules: 2, blocks: 2, reduceRatio: 8, channels: [18, 60, 80, 160, 320] },
      ],
    },
    head: { minChannels: 60 },
  },
} as const satisfies Record<string, SegmentorConfig>;

export type ModelName = keyof typeof segmentorConfigs;
