/** @file An ordinary ONNX file of standard operators, with normalisation and labels as metadata. */

import type { WeightPrecision } from '../../graph/onnx/stored-weights.js';
import { encodeNetwork } from '../../inference/network-file.js';
import { TRACED_BATCH } from '../../inference/network-graph.js';
import { confidenceThreshold } from '../../settings/index.js';
import { formOf } from '../describe-model.js';
import { featureBackbone } from '../feature-backbone.js';
import { modelInfo } from '../model-info.js';
import type { ExportFormat, Precision } from './format.js';

const FILE = 'model.onnx';

const STORED: Readonly<Record<Precision, WeightPrecision>> = {
  ...{ fp32: 'float32', fp16: 'float16', 'int8-weights': 'int8' },
};

export const onnxFormat = {
  name: 'onnx',
  description: 'an ONNX file',
  defaultBatch: 'dynamic',
  takes: [
    ...(['batch', 'inputSize', 'opset', 'precision', 'normalisation', 'layout', 'channels'] as const),
    ...(['outputForm', 'dumpFeatures'] as const),
  ],
  precisions: ['fp32', 'fp16', 'int8-weights'],
  readable: true,
  files: [FILE],
  encode: (trained, options, isHalf) => {
    const dynamicBatch = options.batch === 'dynamic';
    const form = {
      ...formOf(options),
      threshold: confidenceThreshold(trained.hyperParameters),
      batch: dynamicBatch ? TRACED_BATCH : 1,
      backbone: options.dumpFeatures ? featureBackbone(trained) : undefined,
    };
    const description = {
      ...{ name: trained.template.name, metadata: modelInfo(trained, formOf(options)), dynamicBatch },
      ...{ opset: options.opset, weights: STORED[options.precision], isHalf },
    };
    return new Map([[FILE, encodeNetwork(trained, form, description)]]);
  },
} as const satisfies ExportFormat;
