/** @file An ordinary ONNX file of standard operators, with normalisation and labels as metadata. */

import { encodeNetwork } from '../../inference/network-file.js';
import { modelInfo } from '../model-info.js';
import type { ExportFormat } from './format.js';

const FILE = 'model.onnx';

/** Samples that a graph mixes are told apart from one sample only where there are two of them. */
const TRACED_BATCH = 2;

export const onnxFormat = {
  name: 'onnx',
  description: 'an ONNX file',
  takes: ['batch', 'inputSize'],
  defaultBatch: 'dynamic',
  readable: true,
  files: [FILE],
  encode: (trained, { batch }) => {
    const dynamicBatch = batch === 'dynamic';
    const description = { name: trained.template.name, metadata: modelInfo(trained), dynamicBatch };
    return new Map([[FILE, encodeNetwork(trained, { batch: dynamicBatch ? TRACED_BATCH : 1 }, description)]]);
  },
} as const satisfies ExportFormat;
