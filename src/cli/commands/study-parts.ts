/** @file What commands of several trainings have in common: their flags, and what they say at their end. */

import { type Command, InvalidArgumentError } from 'commander';
import { OtxError } from '../../base/errors.js';
import { otxCommand } from '../../base/shell.js';
import { listSome } from '../../base/text.js';
import type { FailedTraining, StudyFiles } from '../../index.js';
import type { Terminal } from '../terminal.js';

/** Names that are listed. */
const LISTED = 5;

/** Adds `--no-wait`. */
export function addNoWait(command: Command): Command {
  return command.option(
    '--no-wait',
    'of several processes at one folder: end when all that is left is under way in others (default: stay, and take over the ' +
      'training of one that dies)',
  );
}

/** `0,1,2` */
export function parseSeeds(text: string): number[] {
  const seeds = text.split(',').map((word) => (/^\s*\d+\s*$/.test(word) ? Number(word) : Number.NaN));
  if (seeds.every((seed) => seed < 2 ** 32) && new Set(seeds).size === seeds.length) return seeds;
  throw new InvalidArgumentError('expected integers from 0 with commas between them, such as 0,1,2');
}

/** What a study lacks at its end. */
interface Lacking {
  readonly failed: readonly FailedTraining[];
  readonly elsewhere: readonly string[];
}

/** The trainings that are missing in a result. */
export function studyNotes({ failed, elsewhere }: Lacking): string[] {
  return [
    ...failed.map(({ name, message }) => `note: ${name} failed and is left out: ${message}`),
    ...(elsewhere.length > 0
      ? [
          `note: not done by this process: ${listSome([...elsewhere], LISTED)}; the same command tells the rest when it is over`,
        ]
      : []),
  ];
}

/** The same, and where the result is written. */
export function studyEnd({ files, ...lacking }: Lacking & { readonly files: StudyFiles }): string[] {
  return [...studyNotes(lacking), `written ${files.table} and ${files.json}`];
}

/**
 * Waits for a study, and says what brings it to its end when it is stopped.
 *
 * @param output its folder, when it was not typed.
 */
export async function sayingHowToGoOn<T>(
  job: Promise<T>,
  { print }: Pick<Terminal, 'print'>,
  output: string | undefined,
): Promise<T> {
  try {
    return await job;
  } catch (error) {
    const [operation = '', ...words] = process.argv.slice(2);
    const folder = output === undefined ? [] : ['-o', output];
    if (error instanceof OtxError && error.code === 'aborted')
      print(`\nwhat next:\n  go on  ${otxCommand(operation, ...folder, ...words)}`);
    throw error;
  }
}
