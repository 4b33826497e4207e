/** @file Opens a data set from wherever it is given: a folder, memory, or formulas. */

import type { Dataset } from '../types.js';
import { type FormulaImages, openFormulaDataset } from './formula-dataset.js';
import { type LabeledImages, openMemoryDataset } from './memory-dataset.js';
import { type OpenDatasetOptions, openDataset } from './open-dataset.js';

/** What a program holds in place of a folder: images with masks in memory, or formulas by which they are drawn. */
export type DataInMemory = LabeledImages | FormulaImages;

/** Root of a data set, or what a program holds in its place. */
export type DataSource = string | DataInMemory;

/** @throws OtxError as {@link openDataset}, {@link openMemoryDataset} and {@link openFormulaDataset}. */
export async function openSource(source: DataSource, options: OpenDatasetOptions = {}): Promise<Dataset> {
  if (typeof source === 'string') return openDataset(source, options);
  return 'formula' in source ? openFormulaDataset(source) : openMemoryDataset(source);
}

/** The path of a source; undefined for one in memory. */
export const pathOf = (source: DataSource | undefined): string | undefined =>
  typeof source === 'string' ? source : undefined;
