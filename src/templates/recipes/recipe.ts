/** @file From a start and a data set to the settings of a training that nobody named, each with its reason. */

import { isDeepStrictEqual } from 'node:util';
import {
  type HyperParameterOverrides,
  type HyperParameters,
  resolveHyperParameters,
  type SettingOptions,
  settings,
} from '../../settings/index.js';
import type { RecipeName } from '../../settings/recipe-name.js';
import { listTemplates } from '../template.js';
import type { Template } from '../template-type.js';
import { documentedSettings, type TrainType } from '../train-types.js';
import { RULES } from './rules.js';
import type { RecipeFacts, RecipeRule, RecipeValue, TrainingKind } from './situation.js';

/** What a recipe is followed for. */
export interface RecipeRequest {
  readonly recipe: RecipeName;
  readonly template: Template;
  readonly trainType: TrainType;
  /** Whatever the user has named, which wins. */
  readonly asked: HyperParameterOverrides;
  /** Whether the network is the program's own. */
  readonly isOwnModel: boolean;
}

/** A recipe that was followed. */
export interface FollowedRecipe {
  /** Which it is and why, in a part of a sentence. */
  readonly why: string;
  /** What it chose; what the user named is not among it. */
  readonly values: readonly RecipeValue[];
  /** Every setting: the documented ones, those that it chose, and on top what was asked for. */
  readonly settings: HyperParameters;
}

/** In words, after "a start from". */
export const START_WORDS: Readonly<Record<RecipeFacts['start'], string>> = {
  imagenet: 'the ImageNet backbone',
  embedded: 'the embedded backbone',
  weights: 'given weights',
  none: 'random numbers',
};

/** OTX counts epochs alone; the templates of the package also wait for steps. */
const LETTER: readonly RecipeValue[] = (['earlyStoppingPatienceSteps', 'plateauPatienceSteps'] as const).map(
  (name) => ({ name, value: 0, reason: 'as OTX documents it, which counts epochs alone' }),
);

/**
 * The settings of a training by a recipe. `otx` gives the documented ones from any start, and so does `auto` from the ImageNet backbone,
 * for a template and for a network of the user's own; else `auto` follows its table.
 *
 * @throws OtxError `usage` as `checkHyperParameters`.
 */
export function followRecipe(request: RecipeRequest, facts: RecipeFacts): FollowedRecipe {
  const { recipe, template } = request;
  const isOurs = isPackaged(template);
  if (recipe === 'otx') {
    const letter = isOurs
      ? LETTER.map((value): RecipeRule => ({ ...value, choose: () => value as never }))
      : [];
    return follow(request, facts, letter, `the documented settings of ${template.name}, from any start`);
  }
  const kept = request.isOwnModel
    ? `the settings of the template ${template.name}, as nothing is known of a network of one's own`
    : !isOurs
      ? `the settings of the template ${template.name}, which is not one of the package`
      : facts.start === 'imagenet'
        ? `the documented settings of ${template.name}, which were made for the ImageNet backbone`
        : undefined;
  if (kept !== undefined) return follow(request, facts, [], kept);
  const side = Math.round(facts.side);
  const why =
    `what suits a start from ${START_WORDS[facts.start]} and ${facts.images} images ` +
    `of about ${side}x${side} pixels`;
  return follow(request, facts, RULES[kindOf(request)], why);
}

/** Settings with their values, under their names in files: `num_iters 106, …`. */
export function valuesInWords(values: readonly RecipeValue[]): string {
  const nameOf = (name: string) => settings.entries.find(({ key }) => key === name)?.name ?? name;
  return values.map(({ name, value }) => `${nameOf(name)} ${value}`).join(', ');
}

/** Why settings have their values, by their names in files. */
export function reasonsByParam(values: readonly RecipeValue[]): ReadonlyMap<string, string> {
  return new Map(
    values.flatMap(({ name, reason }) => {
      const entry = settings.entries.find(({ key }) => key === name);
      return entry ? [[entry.param, `recipe: ${reason}`]] : [];
    }),
  );
}

function follow(
  { template, trainType, asked }: RecipeRequest,
  facts: RecipeFacts,
  rules: readonly RecipeRule[],
  why: string,
): FollowedRecipe {
  const documented = documentedSettings(template, trainType, asked);
  const named: Partial<Record<string, unknown>> = settings.toFlat(asked);
  const kind = kindOf({ template, trainType, asked });
  const values: RecipeValue[] = [];
  let now = resolveHyperParameters({ hyperParameters: documented }, asked);
  for (const { name, choose } of rules) {
    if (named[name] !== undefined) continue;
    const chosen = choose({
      ...{ ...facts, kind, model: template.model },
      now: now.learning_parameters,
      documented: documented.learning_parameters,
    });
    if (!chosen) continue;
    values.push({ name, ...chosen });
    now = settings.resolve(now, settings.toGroups({ [name]: chosen.value } as SettingOptions));
  }
  return { why, values, settings: now };
}

function kindOf({
  template,
  trainType,
  asked,
}: Pick<RecipeRequest, 'template' | 'trainType' | 'asked'>): TrainingKind {
  if (trainType === 'Selfsupervised') return 'self-supervised';
  if (trainType === 'Semisupervised') return 'semi-supervised';
  const { enable_supcon } = resolveHyperParameters(template, asked).learning_parameters;
  return enable_supcon ? 'contrastive' : 'supervised';
}

/** Whether a template has the settings that it comes with. */
function isPackaged({ name, path, hyperParameters }: Template): boolean {
  return listTemplates().some(
    (each) =>
      each.name === name && each.path === path && isDeepStrictEqual(each.hyperParameters, hyperParameters),
  );
}
