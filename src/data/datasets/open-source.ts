/** @file Opens a data set from wherever it is given: a folder, or memory. */

import type { Dataset } from '../types.js';
import { type LabeledImages, openMemoryDataset } from './memory-dataset.js';
import { type OpenDatasetOptions, openDataset } from './open-dataset.js';

/** Root of a data set, or images with masks in memory. */
export type DataSource = string | LabeledImages;

/** @throws OtxError as {@link openDataset} and {@link openMemoryDataset}. */
export async function openSource(source: DataSource, options: OpenDatasetOptions = {}): Promise<Dataset> {
  return typeof source === 'string' ? openDataset(source, options) : openMemoryDataset(source);
}

/** The path of a source; undefined for one in memory. */
export const pathOf = (source: DataSource | undefined): string | undefined =>
  typeof source === 'string' ? source : undefined;
