/** @file The command lines of what is no command of otx: one folder, and options that each have a value. */

import { parseArgs } from 'node:util';
import { messageOf, OtxError } from '../../base/errors.js';

export interface WordsFormat<Name extends string> {
  /** Shown with every mistake. */
  readonly usage: string;
  readonly options: readonly Name[];
  /** Where none is named; without it a folder is needed. */
  readonly folder?: string;
}

/**
 * Reads the words behind the name of the script.
 * @throws OtxError `usage` for other words.
 */
export function readWords<Name extends string>(
  words: readonly string[],
  { usage, options, folder }: WordsFormat<Name>,
): { readonly folder: string; readonly values: Readonly<Partial<Record<Name, string>>> } {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      options: Object.fromEntries(options.map((name) => [name, { type: 'string' as const }])),
      allowPositionals: true,
    });
    const [named = folder, ...more] = positionals;
    if (named === undefined || more.length > 0) {
      throw new TypeError(`found ${positionals.length} folders, expected one`);
    }
    return { folder: named, values: values as Partial<Record<Name, string>> };
  } catch (error) {
    throw new OtxError('usage', `${messageOf(error)}; usage: ${usage}`, { cause: error });
  }
}
