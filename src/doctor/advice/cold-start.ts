/** @file A network that compares pictures before anything is labeled: the embedded backbone of a template. */

import { type Size, squareOf } from '../../data/index.js';
import { defaultPalette } from '../../data/masks/palette.js';
import { BACKGROUND } from '../../data/types.js';
import type { TrainedModel } from '../../inference/trained-model.js';
import { createSegmentor, describe } from '../../models/index.js';
import { stateFromWeights } from '../../runs/given-weights.js';
import { initialState } from '../../runs/state-dict.js';
import { inputSizes, resolveHyperParameters, type SettingOptions, settingsOf } from '../../settings/index.js';
import { DEFAULT_SEED, DEFAULT_TEMPLATE, loadTemplate } from '../../templates/index.js';
import { requireEmbedded } from '../../training/prepare/choose-start.js';
import { readEmbedded } from '../../weights/embedded.js';
import { openPictureNetwork, type PictureNetwork } from './picture-network.js';

/** Looks at pictures with a network that knows no classes yet. */
export interface ColdStart {
  readonly inputSize: Size;
  /** Only the features of its answers mean anything. */
  readonly network: PictureNetwork;
  /** File of the backbone. */
  readonly source: string;
}

/** @throws OtxError `usage` for a template without an embedded backbone, `template` for an unknown one */
export async function openColdStart(
  options: SettingOptions & { readonly template?: string | undefined; readonly threads?: number | undefined },
): Promise<ColdStart> {
  const template = loadTemplate(options.template ?? DEFAULT_TEMPLATE);
  const backbone = await requireEmbedded({ template });
  const hyperParameters = resolveHyperParameters(template, settingsOf(options));
  const inputSize = squareOf(inputSizes(hyperParameters).validation);
  const [color] = defaultPalette(1);
  const classes = [{ name: BACKGROUND, color: color! }];
  const model = createSegmentor(template.model, { numClasses: classes.length });
  const { variables } = describe(model, [1, 3, inputSize.height, inputSize.width]);
  const { state } = stateFromWeights(
    { tensors: new Map(await readEmbedded(backbone)) },
    backbone.path,
    variables,
    classes,
    { fresh: initialState(variables, DEFAULT_SEED), complete: false },
  );
  const trained: TrainedModel = { model, state, variables, classes, template, hyperParameters, inputSize };
  const network = await openPictureNetwork(trained, { weights: backbone.path, threads: options.threads });
  return { inputSize, network, source: backbone.path };
}
