/** @file Several views of an image, and several models, as one: what is where is decided by the mean of their probabilities. */

import { OtxError, option } from '../base/errors.js';
import { listSome, quoted } from '../base/text.js';
import { toPlanes } from '../data/images/network-input.js';
import { classify } from './class-map.js';
import { openModel } from './open-model.js';
import type { CombinedOptions, OpenedModel } from './opened-model.js';
import { windowNetworkOf } from './tiles/window-network.js';
import { mirrored, parseViews } from './views.js';

/** The paths behind the option `weights`. */
export const pathsOf = ({ weights }: Pick<CombinedOptions, 'weights'>): readonly string[] =>
  typeof weights === 'string' ? [weights] : weights;

/**
 * Opens one model or several, whose probabilities are averaged. Class order, colours, windows and threshold are those of the first.
 *
 * @throws OtxError `checkpoint` when weights cannot be used, `usage` for views that do not exist, and for models that cannot be
 * averaged.
 */
export async function openModels(options: CombinedOptions): Promise<OpenedModel> {
  const { isMirrored, scales } = parseViews(options.tta);
  const paths = pathsOf(options);
  const members: Member[] = [];
  const dispose = async () => {
    await Promise.all(members.map(({ model }) => model.dispose()));
  };
  try {
    for (const path of paths) {
      const model = await openModel({ ...options, weights: path }, scales);
      members.push({ path, model, order: undefined });
    }
    const [first, ...others] = members as [Member, ...Member[]];
    const views = scales.length * (isMirrored ? 2 : 1);
    if (members.length > 1 || views > 1) {
      options.onEvent?.({ type: 'notice', message: meanOf(members.length, views) });
    }
    if (others.length === 0 && !isMirrored) return first.model;
    const matched = [first, ...others.map((other) => matching(first, other))];
    return { ...averaged(matched, isMirrored), dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

interface Member {
  readonly path: string;
  readonly model: OpenedModel;
  /** Of each class of the first model, the index in this one; undefined where it is the same. */
  readonly order: readonly number[] | undefined;
}

function meanOf(models: number, views: number): string {
  const parts = [
    ...(models > 1 ? [`${models} models`] : []),
    ...(views > 1 ? [`${views} views of ${models > 1 ? 'each' : 'an'} image`] : []),
  ];
  return `classes are found by the mean probability over ${parts.join(' and ')}, which takes ${models * views} times the work`;
}

/** The other model with its classes in the order of the first. @throws OtxError `usage` where both have no common mean */
function matching(first: Member, other: Member): Member {
  const names = first.model.classes.map(({ name }) => name);
  const found = other.model.classes.map(({ name }) => name);
  const lacking = names.filter((name) => !found.includes(name));
  const surplus = found.filter((name) => !names.includes(name));
  const refuse = (reason: string, remedy: string) =>
    new OtxError('usage', `${other.path} cannot be averaged with ${first.path}: ${reason}; ${remedy}`);
  if (lacking.length + surplus.length > 0) {
    const differences = [
      ...(lacking.length > 0 ? [`it lacks ${listSome(lacking.map(quoted))}`] : []),
      ...(surplus.length > 0 ? [`it has ${listSome(surplus.map(quoted))} besides`] : []),
    ];
    throw refuse(differences.join(' and '), 'give models of the same classes');
  }
  const [size, otherSize] = [first.model.inputSize, other.model.inputSize];
  if (size.width !== otherSize.width || size.height !== otherSize.height) {
    throw refuse(
      `its input has ${otherSize.width}x${otherSize.height} pixels, that of the first ${size.width}x${size.height}`,
      `give models of one size, or checkpoints with the same ${option('inputSize')}`,
    );
  }
  const reading = (model: OpenedModel) => JSON.stringify(model.data?.imageReading ?? {});
  if (reading(first.model) !== reading(other.model)) {
    throw refuse(
      `it learned from images that were read in another way (${reading(other.model)}, the first ${reading(first.model)})`,
      'give models that learned from images of the same bands and range',
    );
  }
  const order = names.map((name) => found.indexOf(name));
  return { ...other, order: order.every((at, index) => at === index) ? undefined : order };
}

/** At the size of the network input probabilities are as the networks say them, so that is where they are averaged. */
function averaged(members: readonly Member[], isMirrored: boolean): Omit<OpenedModel, 'dispose'> {
  const { classes, inputSize, threshold, data, tiling } = members[0]!.model;
  const reading = { classes, inputSize, threshold, data, tiling };
  const area = inputSize.width * inputSize.height;
  const share = 1 / (members.length * (isMirrored ? 2 : 1));
  return {
    ...reading,
    hasProbabilities: members.every(({ model }) => model.hasProbabilities),
    atOnce: Math.min(...members.map(({ model }) => model.atOnce)),
    classify: async (picture, size, probabilities = false) => {
      const planes = toPlanes(picture, inputSize);
      const mean = new Float32Array(classes.length * area);
      const views = isMirrored ? [planes, mirrored(planes, inputSize)] : [planes];
      // One after the other, in this order: networks share the cores, and sums of floats depend on it.
      for (const { model, order } of members) {
        const network = windowNetworkOf(model);
        for (const [index, view] of views.entries()) {
          const answer = await network.probabilities(view);
          addTo(mean, index === 0 ? answer : mirrored(answer, inputSize), { order, area, share });
        }
      }
      return classify(mean, { ...reading, scale: 'probabilities' }, size, probabilities);
    },
  };
}

interface Adding {
  readonly order: Member['order'];
  /** Pixels. */
  readonly area: number;
  /** Weight of the answer. */
  readonly share: number;
}

function addTo(mean: Float32Array, answer: Float32Array, { order, area, share }: Adding): void {
  for (let k = 0, at = 0; at < mean.length; k++) {
    for (let from = (order?.[k] ?? k) * area, end = from + area; from < end; from++, at++) {
      mean[at]! += share * answer[from]!;
    }
  }
}
