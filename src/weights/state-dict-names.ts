/**
 * @file Finds the weights in what a PyTorch file holds, and gives them the names that they have in this project (those of
 * the reference implementation): training frameworks wrap state dicts in dicts, and tensors' names in prefixes.
 */

import { namesProblem } from '../base/names.js';
import { itemsOf, type PickleDict, type PickleValue } from './pickle-values.js';
import { quoted, unusable } from './unusable.js';

/** The weights among everything else that was saved. */
export interface LocatedStateDict {
  readonly entries: PickleDict;
  /** Background first; undefined when the file does not tell. */
  readonly classNames?: readonly string[];
  /** How they were wrapped, in words for the user. */
  readonly layout: 'OTX snapshot' | 'mmcv checkpoint' | 'state_dict' | 'plain state dict';
}

const BACKGROUND = 'background';
const MOST_CLASSES = 10_000;
const LISTED = 5;

/**
 * Looks at the places where state dicts are: `model.state_dict`, `model`, `state_dict`, or the object itself.
 *
 * @param isTensor tells tensors from other values.
 * @throws Unusable when none of them holds a tensor.
 */
export function locateStateDict(
  root: PickleValue,
  isTensor: (value: PickleValue) => boolean,
): LocatedStateDict {
  const outer = root instanceof Map ? root : unusable('it holds no dict, so no state_dict');
  const model = dictAt(outer, 'model');
  const inner = model ?? outer;
  const entries = dictAt(inner, 'state_dict') ?? inner;
  if (![...entries.values()].some(isTensor)) {
    return unusable(
      `no tensors in it, in its state_dict or in its model; its keys are ${list([...entries.keys()])}`,
    );
  }
  const meta = dictAt(inner, 'meta');
  const labels = dictAt(outer, 'labels');
  const layout =
    model && (labels || outer.has('VERSION'))
      ? 'OTX snapshot'
      : entries === outer
        ? 'plain state dict'
        : meta
          ? 'mmcv checkpoint'
          : 'state_dict';
  return { entries, classNames: checkedNames(namesInMeta(meta) ?? namesInLabels(labels)), layout };
}

/**
 * Names that will be shown. One may be there twice: ImageNet has two cranes.
 *
 * @throws Unusable for a name that is no name.
 */
export function checkedNames(names: string[] | undefined): string[] | undefined {
  const problem = namesProblem(names ?? [], true);
  return problem === undefined ? names : unusable(problem);
}

function dictAt(dict: PickleDict, key: string): PickleDict | undefined {
  const value = dict.get(key);
  return value instanceof Map ? value : undefined;
}

function namesInMeta(meta: PickleDict | undefined): string[] | undefined {
  return texts(itemsOf(meta?.get('CLASSES')));
}

/** The labels of a snapshot are those that a user gave, without background. */
function namesInLabels(labels: PickleDict | undefined): string[] | undefined {
  const names = texts(labels && [...labels.keys()]);
  return !names || names.includes(BACKGROUND) ? names : [BACKGROUND, ...names];
}

function texts(values: readonly PickleValue[] | undefined): string[] | undefined {
  const isText = (value: PickleValue): value is string => typeof value === 'string';
  return values && values.length > 0 && values.length <= MOST_CLASSES && values.every(isText)
    ? [...values]
    : undefined;
}

function list(keys: readonly PickleValue[]): string {
  const some = keys.slice(0, LISTED).map((key) => (typeof key === 'string' ? quoted(key) : typeof key));
  return some.join(', ') + (keys.length > LISTED ? ` and ${keys.length - LISTED} more` : '') || '(none)';
}

/** Prefix that data-parallel training puts before every name. */
const PARALLEL_PREFIX = 'module.';
const BACKBONE_PREFIX = 'backbone.';
/** Layer that a backbone was trained with on ImageNet, and that nothing here uses. */
const IMAGENET_HEAD = /^head\./;

/**
 * Names of a file by their names in this project. Left out are classification heads (`head.…`).
 * - `module.` is taken away when all names have it;
 * - the official SegNeXt files nest a depthwise convolution once more (`mlp.dwconv.dwconv.…`);
 * - files of a backbone alone leave out its prefix: when no name begins with `backbone`, all without `head` get it.
 *
 * @throws Unusable when two names of the file become the same.
 */
export function referenceNames(names: readonly string[]): Map<string, string> {
  const isParallel = names.every((name) => name.startsWith(PARALLEL_PREFIX));
  const plain = names.map((name) => (isParallel ? name.slice(PARALLEL_PREFIX.length) : name));
  const isBare = !plain.some((name) => name.startsWith('backbone'));
  const result = new Map<string, string>();
  plain.forEach((name, index) => {
    if (IMAGENET_HEAD.test(name)) return;
    const unnested = name.replace('.mlp.dwconv.dwconv.', '.mlp.dwconv.');
    const full = isBare && !name.includes('head') ? BACKBONE_PREFIX + unnested : unnested;
    if (result.has(full)) unusable(`two of its tensors are ${quoted(full)}`);
    result.set(full, names[index] as string);
  });
  return result;
}
