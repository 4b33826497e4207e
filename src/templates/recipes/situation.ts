/** @file What a recipe looks at, and what it says. */

import type { StartRecord } from '../../runs/start.js';
import type { HyperParameters, SettingOptions, TrainingSettings } from '../../settings/index.js';

/** What is known of a training when its settings are chosen. */
export interface RecipeFacts {
  /** What it starts from. */
  readonly start: StartRecord['kind'];
  /** Images to learn from, of semi-supervised training those with labels. */
  readonly images: number;
  /** Root of the pixels of the usual image among them. */
  readonly side: number;
}

/** The ways of training that recipes tell apart. */
export type TrainingKind = 'supervised' | 'contrastive' | 'semi-supervised' | 'self-supervised';

/** What a rule of a recipe looks at. */
export interface Situation extends RecipeFacts {
  readonly kind: TrainingKind;
  /** Name of the network. */
  readonly model: string;
  /** The settings so far: documented ones, what earlier rules chose, and what was asked for on top. */
  readonly now: HyperParameters['learning_parameters'];
  /** The documented settings alone. */
  readonly documented: HyperParameters['learning_parameters'];
}

/** A setting that a recipe chose. */
export interface RecipeValue {
  /** Its name in the API. */
  readonly name: keyof SettingOptions;
  readonly value: string | number | boolean;
  /** Why it is this one, in a sentence. */
  readonly reason: string;
}

/** One setting of the table: how its value follows from the situation. */
export interface RecipeRule<N extends keyof TrainingSettings = keyof TrainingSettings> {
  readonly name: N;
  /** Undefined where the documented value stays. */
  readonly choose: (
    situation: Situation,
  ) => { readonly value: TrainingSettings[N]; readonly reason: string } | undefined;
}
