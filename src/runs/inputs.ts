/** @file What a command reads, as the gate for outputs wants to know it. */

import { dirname, join } from 'node:path';
import type { Input, Inputs } from '../base/outputs/places.js';
import type { Dataset } from '../data/index.js';
import { WEIGHTS_FILE } from './checkpoint.js';
import { LABEL_SCHEMA_FILE } from './label-schema.js';

/** Of several parts of a command. */
export function joinInputs(...parts: readonly Inputs[]): Inputs {
  return {
    folders: parts.flatMap(({ folders = [] }) => folders),
    images: parts.flatMap(({ images = [] }) => images),
    files: parts.flatMap(({ files = [] }) => files),
  };
}

/**
 * A folder that is searched for files, and where they were found: links in it may have led elsewhere.
 *
 * @param roots as it was given, and as it was found.
 */
export function searchedInputs(what: string, roots: readonly string[], found: readonly string[]): Inputs {
  const folders = new Set([...roots, ...found.map((path) => dirname(path))]);
  return {
    folders: [...folders].map((path) => ({ path, what })),
    files: found.map((path) => ({ path, what })),
  };
}

/**
 * A data set with all its files.
 *
 * @param given its root as it was given, in which the data set may be a folder; what is in memory has no place.
 */
export function datasetInputs(what: string, given: unknown, { root, samples }: Dataset): Inputs {
  if (typeof given !== 'string') return {};
  return searchedInputs(
    what,
    [given, root],
    samples.flatMap(({ imagePath, maskPath }) => [imagePath, maskPath]),
  );
}

/** Weights, under whatever name: files with the labels beside them, or folders of runs. */
export const weightsInputs = (...paths: readonly string[]): Inputs =>
  joinInputs(...paths.map(inputsOfWeights));

function inputsOfWeights(path: string): Inputs {
  const places = [path, join(path, WEIGHTS_FILE), join(path, 'models', WEIGHTS_FILE)];
  const labels = join(dirname(path), LABEL_SCHEMA_FILE);
  return {
    files: [
      ...fileInputs('the weights', ...places).files,
      { path: labels, what: 'the labels of the weights' },
    ],
  };
}

/** @param paths undefined where there is none. */
export function fileInputs(
  what: string,
  ...paths: readonly (string | undefined)[]
): { readonly files: readonly Input[] } {
  return { files: paths.flatMap((path) => (path === undefined ? [] : [{ path, what }])) };
}
