/** @file What a template is, whatever form its file has. */
import type { HyperParameters } from '../settings/index.js';
import type { PretrainedChoice } from '../settings/pretrained-choice.js';

/** What a template is made for. */
export const CATEGORIES = ['SPEED', 'BALANCE', 'ACCURACY', 'EXPERIMENTAL'] as const;

/** A model and the recipe that trains it. */
export interface Template {
  /** Unique name of the reference, e.g. `Custom_Semantic_Segmentation_Lite-HRNet-18_OCR`. */
  readonly id: string;
  /** By which it is asked for, e.g. `Lite-HRNet-18`. */
  readonly name: string;
  /** Always this one. */
  readonly task: 'SEGMENTATION';
  /** What it is made for. */
  readonly category: (typeof CATEGORIES)[number];
  /** Name of the network, as `src/models` knows it. */
  readonly model: string;
  /** One sentence. */
  readonly description: string;
  /** Which backbone a training starts from where nobody chooses. */
  readonly pretrained: PretrainedChoice;
  /** Defaults of every setting. */
  readonly hyperParameters: HyperParameters;
  /** The YAML file it was read from. */
  readonly path: string;
}
