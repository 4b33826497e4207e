/** @file What no setting can say: what a person can do about the data. */

import { type HyperParameters, inputSizes } from '../../settings/index.js';
import { type PlannedData, rareClasses, tooSmall } from './choose-values.js';

/** Below this many labels a backbone that saw other images first was ahead in all comparisons (docs/results.md). */
const FEW_LABELS = 25;
/** Objects of fewer pixels along their side at the network input will hardly be found. */
const LOST_SIDE = 6;

/**
 * @param chosen settings of the plan.
 * @param hasWindows whether images are looked at in windows, which are chosen by their objects.
 * @returns a sentence or two each.
 */
export function adviceFor(
  { report, objects, trainSet }: Pick<PlannedData, 'report' | 'objects' | 'trainSet'>,
  chosen: HyperParameters,
  hasWindows: boolean,
): string[] {
  const { train } = inputSizes(chosen);
  const small = hasWindows ? [] : tooSmall({ report, objects }, train);
  const lost = small.filter(({ pixels }) => pixels < LOST_SIDE);
  const rare = rareClasses(report);
  const never = report.classes.filter(({ pixels }, index) => index > 0 && pixels === 0);
  const names = (classes: readonly string[]) => classes.join(', ');
  const advice: string[] = [];
  if (lost.length > 0) {
    const told = lost.map(({ name, pixels }) => `${name} (${pixels.toFixed(1)} pixels)`);
    advice.push(
      `Objects that stay small at ${train}x${train} even so: ${names(told)}. Images of higher resolution would show them.`,
    );
  }
  if (rare.length > 0) {
    advice.push(
      `Rare among the pixels: ${names(rare.map(({ name }) => name))}. More images that show them help most.`,
    );
  }
  if (never.length > 0) {
    advice.push(`Never labeled, so that they cannot be learned: ${names(never.map(({ name }) => name))}.`);
  }
  if (trainSet.samples.length < FEW_LABELS) {
    advice.push(
      `${trainSet.samples.length} labeled images are few. If there are more photographs without masks, let a backbone learn from them ` +
        'first, or add them as unlabeled data: both were mostly ahead of the labels alone (docs/results.md, docs/methods.md).',
    );
  }
  return advice;
}
