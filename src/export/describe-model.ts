/** @file What an exported model says of itself: keys of OpenVINO's model API, and all of it in one entry for this program. Nothing of Node. */

import { PIXEL_MEAN, PIXEL_STD } from '../data/transforms/normalize.js';
import type { FileForm } from '../inference/file-form.js';
import { ENTRY_KEY, formatEntry } from '../inference/model-entry.js';
import { tilingOf } from '../inference/tiles/tile.js';
import type { TrainedModel } from '../inference/trained-model.js';
import { confidenceThreshold } from '../settings/derived.js';
import type { FormatOptions } from './formats/format.js';

/** What the reference tells OpenVINO's model API, which makes less probable pixels background. */
const SOFT_THRESHOLD = 0.5;

/** What the options of a format make of input and output. */
export const formOf = ({ normalisation, layout, channels, outputForm }: FormatOptions): FileForm => ({
  ...{ normalisation, layout, channels, output: outputForm },
});

/** Metadata by key. To OpenVINO's model API the background is no label. @param version of the program that writes the file. */
export function describeModel(
  trained: Omit<TrainedModel, 'model' | 'state' | 'variables'>,
  form: FileForm,
  version: string,
): Record<string, string> {
  const { classes, template, hyperParameters, inputSize, data } = trained;
  const threshold = confidenceThreshold(hyperParameters);
  const info = {
    model_type: 'Segmentation',
    soft_threshold: String(threshold ?? SOFT_THRESHOLD),
    blur_strength: '1',
    labels: classes
      .slice(1)
      .map(({ name }) => name.replaceAll(' ', '_'))
      .join(' '),
    return_soft_prediction: 'True',
    // What is left to be done before a picture is fed.
    mean_values: (form.normalisation === 'inside' ? [0, 0, 0] : PIXEL_MEAN).join(' '),
    scale_values: (form.normalisation === 'inside' ? [1, 1, 1] : PIXEL_STD).join(' '),
  };
  return {
    ...Object.fromEntries(Object.entries(info).map(([key, value]) => [`model_info ${key}`, value])),
    'otx version': version,
    'otx template': template.id,
    [ENTRY_KEY]: formatEntry({
      classes,
      inputSize,
      // The labels of a file have it applied.
      threshold: form.output === 'labels' ? undefined : threshold,
      data,
      tiling: tilingOf(hyperParameters, data),
      form,
    }),
  };
}
