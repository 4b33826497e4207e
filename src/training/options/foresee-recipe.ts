/** @file What the recipe of a training will choose, as far as that can be said before its start and its data are known. */

import { findSubset, listSubsets, openDataset, openImageFolder } from '../../data/index.js';
import { learnedSize } from '../../inference/tiles/tile.js';
import type { ConfigComments } from '../../runs/run-config.js';
import { type HyperParameters, settings, settingsOf } from '../../settings/index.js';
import {
  embeddedBackbone,
  type FollowedRecipe,
  followRecipe,
  type RecipeFacts,
  type RecipeValue,
  reasonsByParam,
  START_WORDS,
  type Template,
  type TrainType,
} from '../../templates/index.js';
import { recipeOf, startOf, type TrainOptions } from './train-options.js';
import { WAYS_TO_VALIDATE } from './train-type.js';

/** Settings with their comments; what is not known yet is missing from them. */
export interface ForeseenRecipe extends Required<ConfigComments> {
  readonly settings: HyperParameters;
}

type Start = RecipeFacts['start'];
type Data = Omit<RecipeFacts, 'start'>;

/** What stands for data that is not known: rules ask for the number of the images and for their size. */
const EXAMPLES: readonly Data[] = [
  { images: 10, side: 100 },
  { images: 100, side: 400 },
  { images: 1000, side: 2000 },
];

interface Case {
  readonly start: Start;
  readonly data: Data;
  readonly followed: FollowedRecipe;
}

/** @throws OtxError `usage` for settings that are not allowed. */
export async function foreseeRecipe(
  options: Partial<TrainOptions>,
  template: Template,
  trainType: TrainType,
): Promise<ForeseenRecipe> {
  const recipe = recipeOf(options);
  const isOwnModel = options.model !== undefined;
  const request = { recipe, template, trainType, isOwnModel, asked: settingsOf(options) };
  const known = await lookAtData(options, trainType);
  const starts = await possibleStarts(options, template);
  const cases = starts.flatMap((start) =>
    (known ? [known] : EXAMPLES).map(
      (data): Case => ({ start, data, followed: followRecipe(request, { start, ...data }) }),
    ),
  );
  const { settings: first } = cases[0]!.followed;
  const values = cases[0]!.followed.values.filter((value) => isSettled(value.name, cases));
  const open = openNames(cases);
  const whys = [...new Set(cases.map(({ followed }) => followed.why))];
  const head =
    whys.length === 1
      ? [`recipe ${recipe}: ${whys[0]}`]
      : [
          `recipe ${recipe}: by what the training starts from${known ? '' : ', and by its images'}` +
            (open.length > 0 ? '. Chosen when it begins, where nothing else is said here:' : ''),
          ...open.map((name) => `  ${paramOf(name)}: ${possibleValues(name, cases, known === undefined)}`),
        ];
  return { settings: without(first, open), reasons: reasonsByParam(values), head };
}

/** Where the recipe begins; without looking into the network or its cache. */
async function possibleStarts(options: Partial<TrainOptions>, template: Template): Promise<readonly Start[]> {
  if (options.loadWeights !== undefined) return ['weights'];
  const choice = startOf(template, options);
  if (choice !== 'auto') return [choice];
  if (options.model) return ['none'];
  const own = await embeddedBackbone(template, options.pretrainedSource?.embeddedDir);
  return ['imagenet', own ? 'embedded' : 'none'];
}

/** Images to learn from; undefined where they are not there, or where dividing them would take reading them. */
async function lookAtData(options: Partial<TrainOptions>, trainType: TrainType): Promise<Data | undefined> {
  const { trainData, validationData, dataFormat: format, useOtxAdapter, assume, bands } = options;
  if (typeof trainData !== 'string') return undefined;
  try {
    if (trainType === 'Selfsupervised') return dataOf((await openImageFolder(trainData)).images, options);
    const others = WAYS_TO_VALIDATE.filter((way) => way !== 'validationData');
    if (others.some((way) => options[way] !== undefined)) return undefined;
    if (validationData === undefined) {
      const names = await listSubsets(trainData, format);
      if (names.length < 2 || findSubset(names, 'val') === undefined) return undefined;
    }
    const reading = { format, useOtxAdapter, assume, bands, role: 'train' } as const;
    return dataOf((await openDataset(trainData, reading)).samples, options);
  } catch {
    // Who begins a training says what is wrong with its data.
    return undefined;
  }
}

function dataOf(
  images: readonly { readonly width: number; readonly height: number }[],
  options: Partial<TrainOptions>,
): Data {
  const asked = settings.resolve(settings.defaults, settingsOf(options));
  const { width, height } = learnedSize(images, asked);
  return { images: images.length, side: Math.sqrt(width * height) };
}

const valueIn = (name: RecipeValue['name'], { followed }: Case): unknown =>
  settings.toFlat(followed.settings)[name];

const isSettled = (name: RecipeValue['name'], cases: readonly Case[]): boolean =>
  cases.every((each) => valueIn(name, each) === valueIn(name, cases[0]!));

/** What some case chooses, and not all have alike. */
function openNames(cases: readonly Case[]): RecipeValue['name'][] {
  const chosen = new Set(cases.flatMap(({ followed }) => followed.values.map(({ name }) => name)));
  return [...chosen].filter((name) => !isSettled(name, cases));
}

const paramOf = (name: RecipeValue['name']): string =>
  settings.entries.find(({ key }) => key === name)?.param ?? name;

/** Of each start its values, with an example of the data where they depend on that. */
function possibleValues(name: RecipeValue['name'], cases: readonly Case[], isOfExamples: boolean): string {
  const starts = [...new Set(cases.map(({ start }) => start))];
  return starts
    .map((start) => {
      const own = cases.filter((each) => each.start === start);
      const reason = own[0]!.followed.values.find((value) => value.name === name)?.reason;
      const told = isSettled(name, own)
        ? String(valueIn(name, own[0]!))
        : own.map((each) => `${valueIn(name, each)} (${exampleOf(each.data)})`).join(', ');
      const why = reason === undefined || (isOfExamples && !isSettled(name, own)) ? '' : ` (${reason})`;
      return `from ${START_WORDS[start]} ${told}${why}`;
    })
    .join('; ');
}

const exampleOf = ({ images, side }: Data): string => `${images} images of ${side}x${side}`;

/** What is left out is chosen when the training begins. */
function without(all: HyperParameters, names: readonly RecipeValue['name'][]): HyperParameters {
  const groups = structuredClone(all) as unknown as Record<string, Record<string, unknown>>;
  for (const name of names) {
    const [group = '', member = ''] = paramOf(name).split('.');
    delete groups[group]?.[member];
  }
  return groups as unknown as HyperParameters;
}
