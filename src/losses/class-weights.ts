/** @file How much the pixels of each class count in a loss: rare classes more, so that their few pixels are heard. */

import { OtxError, option } from '../base/errors.js';
import { quoted } from '../base/text.js';

/** A class with its share of the pixels that are not ignored, 0 to 1. */
export interface ClassShare {
  readonly name: string;
  readonly share: number;
}

/** With `auto`: classes are weighed where one of them has less of the pixels. */
export const RARE = 0.02;
/** Of ENet (https://arxiv.org/abs/1606.02147): keeps weights between 1.4 and 50. */
const ENET = 1.02;
const MOST = 1000;

/**
 * The weights that the setting `classWeights` means.
 *
 * @param setting `none`; `balanced`: by the inverse of the share, so that all classes count alike; `auto`: 1 / ln(1.02 + share) as
 * of ENet where a class has less than 2 % of the pixels, otherwise none; or weights as `name=weight`, with commas, 1 for classes that
 * are not named, or one for each class in their order.
 * @param classes in the order of the logits.
 * @returns undefined for none. Weights that follow from shares are 1 in the mean over all pixels, so that the learning rate
 * means what it meant.
 * @throws OtxError `usage` for classes that there are not.
 */
export function classWeights(setting: string, classes: readonly ClassShare[]): number[] | undefined {
  const shown = classes.filter(({ share }) => share > 0);
  if (setting === 'none' || shown.length === 0) return undefined;
  if (setting === 'balanced') return normalized(classes, (share) => 1 / share);
  if (setting !== 'auto') return listed(setting, classes);
  const isImbalanced = shown.some(({ share }) => share < RARE);
  return isImbalanced ? normalized(classes, (share) => 1 / Math.log(ENET + share)) : undefined;
}

/** What the masks never show has no pixel to weigh. */
function normalized(classes: readonly ClassShare[], weigh: (share: number) => number): number[] {
  const weights = classes.map(({ share }) => (share > 0 ? weigh(share) : 0));
  const total = classes.reduce((sum, { share }) => sum + share, 0);
  const mean = weights.reduce((sum, weight, i) => sum + weight * classes[i]!.share, 0) / total;
  return weights.map((weight) => weight / mean);
}

function listed(setting: string, classes: readonly ClassShare[]): number[] {
  const parts = setting.split(',').map((part) => part.trim());
  const names = classes.map(({ name }) => quoted(name)).join(', ');
  const wrong = (found: string) =>
    new OtxError(
      'usage',
      `${option('classWeights')} is ${quoted(setting)}: ${found}; the classes are ${names}`,
    );
  if (parts.every((part) => !part.includes('='))) {
    if (parts.length !== classes.length) throw wrong(`${parts.length} weights for ${classes.length} classes`);
    return parts.map(Number);
  }
  const weights = classes.map(() => 1);
  for (const part of parts) {
    const cut = part.lastIndexOf('=');
    const name = part.slice(0, cut).trim();
    const index = classes.findIndex((known) => known.name === name);
    if (cut < 0 || index < 0) throw wrong(`there is no class ${quoted(cut < 0 ? part : name)}`);
    weights[index] = Number(part.slice(cut + 1));
  }
  return weights;
}

/** Whether a text can be a value of the setting, whatever the classes are. */
export function isClassWeights(text: string): boolean {
  if (['none', 'auto', 'balanced'].includes(text)) return true;
  return text.split(',').every((part) => {
    const number = part.slice(part.lastIndexOf('=') + 1).trim();
    return /^\d+(\.\d+)?$/.test(number) && Number(number) <= MOST;
  });
}

/** "road 0.8, pole 9.1" */
export const describeWeights = (
  weights: readonly number[],
  classes: readonly { readonly name: string }[],
): string => classes.map(({ name }, i) => `${name} ${Number(weights[i]!.toPrecision(3))}`).join(', ');
