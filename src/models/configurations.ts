/** @file The configurations of the supported networks, as data. */
import type { FcnHeadConfig } from './fcn-head.js';
import type { LightHamHeadConfig } from './light-ham-head.js';
import type { LiteHRNetConfig } from './lite-hrnet.js';
import type { MscanConfig } from './mscan.js';

/** Lite-HRNet with an FCN head on aggregated features. */
export interface LiteHRNetSegmentorConfig {
  readonly family: 'lite-hrnet';
  readonly backbone: LiteHRNetConfig;
  readonly head: FcnHeadConfig;
}

/** SegNeXt (https://arxiv.org/abs/2209.08575). */
export interface SegNeXtConfig {
  readonly family: 'segnext';
  readonly backbone: MscanConfig;
  readonly head: LightHamHeadConfig;
}

export type SegmentorConfig = LiteHRNetSegmentorConfig | SegNeXtConfig;

export const segmentorConfigs = {
  'lite-hrnet-s': {
    family: 'lite-hrnet',
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
    family: 'lite-hrnet',
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
    family: 'lite-hrnet',
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
  'segnext-t': {
    family: 'segnext',
    backbone: {
      channels: [32, 64, 160, 256],
      depths: [3, 3, 5, 2],
      mlpRatios: [8, 8, 4, 4],
      dropPathRate: 0.1,
    },
    head: { hamChannels: 256, channels: 256 },
  },
  'segnext-s': {
    family: 'segnext',
    backbone: {
      channels: [64, 128, 320, 512],
      depths: [2, 2, 4, 2],
      mlpRatios: [8, 8, 4, 4],
      dropPathRate: 0.1,
    },
    head: { hamChannels: 256, channels: 256 },
  },
  'segnext-b': {
    family: 'segnext',
    backbone: {
      channels: [64, 128, 320, 512],
      depths: [3, 3, 12, 3],
      mlpRatios: [8, 8, 4, 4],
      dropPathRate: 0.1,
    },
    head: { hamChannels: 512, channels: 512 },
  },
} as const satisfies Record<string, SegmentorConfig>;

export type ModelName = keyof typeof segmentorConfigs;
