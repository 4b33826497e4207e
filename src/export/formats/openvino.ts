/** @file A model for OpenVINO: layers and constants in two files, with normalisation inside and labels beside the network. */

import { USUAL_FORM } from '../../inference/file-form.js';
import { ENTRY_KEY, PIXELS, withNormalisation } from '../../inference/model-entry.js';
import { networkGraph, TRACED_BATCH } from '../../inference/network-graph.js';
import type { TrainedModel } from '../../inference/trained-model.js';
import { featureBackbone } from '../feature-backbone.js';
import { modelInfo } from '../model-info.js';
import { encodeIr } from '../openvino/encode-ir.js';
import type { RtInfo } from '../openvino/net-xml.js';
import type { ExportFormat } from './format.js';

const FILES = ['openvino.xml', 'openvino.bin'] as const;

export const openvinoFormat = {
  name: 'openvino',
  description: 'a model for OpenVINO',
  takes: ['batch', 'inputSize', 'precision', 'dumpFeatures'],
  defaultBatch: 'static',
  precisions: ['fp32', 'fp16'],
  readable: true,
  files: FILES,
  encode: (trained, { batch, dumpFeatures }, isHalf) => {
    const dynamicBatch = batch === 'dynamic';
    const backbone = dumpFeatures ? featureBackbone(trained) : undefined;
    const form = { normalisation: 'inside', batch: dynamicBatch ? TRACED_BATCH : 1, backbone } as const;
    const { name } = trained.template;
    const graph = networkGraph(trained, form);
    const { xml, bin } = encodeIr({ ...graph, name, rtInfo: rtInfoOf(trained), dynamicBatch, isHalf });
    return new Map<string, Uint8Array | readonly Uint8Array[]>([
      [FILES[0], xml],
      [FILES[1], bin],
    ]);
  },
} as const satisfies ExportFormat;

/** Whoever reads these would normalise once more. */
const NORMALISATION = ['model_info mean_values', 'model_info scale_values'];

/** What the file says of itself, in groups: keys are `group key`, and the entry for this program is `otx entry`. @param more of the same kind */
export function rtInfoOf(trained: TrainedModel, more: Readonly<Record<string, string>> = {}): RtInfo {
  const groups: Record<string, Record<string, string>> = {};
  for (const [key, text] of Object.entries({ ...modelInfo(trained, USUAL_FORM), ...more })) {
    if (NORMALISATION.includes(key)) continue;
    const isEntry = key === ENTRY_KEY;
    const [group, name] = (isEntry ? `${key} entry` : key).split(' ') as [string, string];
    groups[group] = { ...groups[group], [name]: isEntry ? withNormalisation(text, PIXELS) : text };
  }
  return groups;
}
