/** @file `--data-format`, which every command that reads a labeled data set has. */

import { Option } from 'commander';
import { FORMAT_NAMES } from '../../data/index.js';

/** What it takes is checked where the data is opened. */
export function dataFormatOption(): Option {
  return new Option(
    '--data-format <name>',
    `layout of the data sets: ${FORMAT_NAMES.join(', ')} (default: found out by their content)`,
  );
}
