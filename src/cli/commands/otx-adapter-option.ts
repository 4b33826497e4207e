/** @file `--use-otx-adapter`, which every command that reads masks has. */

import { InvalidArgumentError, Option } from 'commander';

/** Undefined when not given, so that a configuration file can decide. */
export function otxAdapterOption(): Option {
  return new Option(
    '--use-otx-adapter <switch>',
    'true: masks go through polygons as in OTX; false: pixels as they are, as in benchmarks (default: false)',
  ).argParser((text) => {
    if (text === 'true' || text === 'false') return text === 'true';
    throw new InvalidArgumentError('expected true or false');
  });
}
