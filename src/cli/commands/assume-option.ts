/** @file `--assume`, which every command that reads masks has. */

import { Option } from 'commander';

/** Undefined when not given, so that a configuration file can decide. */
export function assumeOption(): Option {
  return new Option(
    '--assume <readings>',
    'how to read masks whose files leave it open; the error that says so names the readings (one, or several with commas)',
  );
}
