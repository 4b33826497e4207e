/** @file What a training starts from, and the settings that follow from it. */

import { learnedSize } from '../../inference/tiles/tile.js';
import type { TrainEvent } from '../../runs/events.js';
import { resolveHyperParameters, settingsOf } from '../../settings/index.js';
import type { PretrainedChoice } from '../../settings/pretrained-choice.js';
import { followRecipe, type RecipeValue, valuesInWords } from '../../templates/index.js';
import { newConfig, recipeOf, type TrainOptions } from '../options/train-options.js';
import type { Asked } from './asked.js';
import { chooseStart, givenStart, type Start } from './choose-start.js';
import type { TrainData } from './train-data.js';

/** A training of which everything is known that its first weights do not tell. */
export interface Settled {
  /** With the settings that are used, and the start that was taken in the place of `auto`: what repeats this run. */
  readonly asked: Asked;
  readonly start: Start;
  /** What the recipe of a new run chose. */
  readonly chosen: readonly RecipeValue[];
}

/**
 * Finds what the training starts from, and follows its recipe; both are told in a line. A run that goes on has both already.
 *
 * @throws OtxError as `chooseStart`.
 */
export async function settle(
  asked: Asked,
  { trainSet: { samples } }: Pick<TrainData, 'trainSet'>,
  tell: (event: TrainEvent) => void,
): Promise<Settled> {
  const { earlier, config, template } = asked;
  if (earlier) return { asked, start: { record: earlier.checkpoint.info.start }, chosen: [] };
  const options = asked.options as TrainOptions;
  const isOwnModel = options.model !== undefined;
  const choice = config.pretrained as PretrainedChoice;
  const start =
    config.load_weights === undefined
      ? await chooseStart({
          ...{ choice, template, isOwnModel, onEvent: tell },
          ...{ source: options.pretrainedSource, signal: options.signal },
        })
      : await givenStart(config.load_weights);
  const kind = start.record?.kind ?? 'none';
  const { train_type: trainType } = asked.settings.algo_backend;
  const { width, height } = learnedSize(samples, asked.settings);
  const recipe = recipeOf(options);
  const followed = followRecipe(
    { recipe, template, trainType, isOwnModel, asked: settingsOf(options) },
    { start: kind, images: samples.length, side: Math.sqrt(width * height) },
  );
  const taken = choice === 'auto' ? { ...options, pretrained: kind as PretrainedChoice } : options;
  const again = newConfig(taken, trainType, followed.settings).config;
  const values = valuesInWords(followed.values);
  const chosen = values === '' ? '' : `: ${values} (config.yaml has the reasons)`;
  tell({ type: 'notice', message: `recipe ${recipe}: ${followed.why}${chosen}` });
  return {
    asked: { ...asked, config: again, settings: resolveHyperParameters(template, again.hyper_parameters) },
    start,
    chosen: followed.values,
  };
}
