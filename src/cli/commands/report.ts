/** @file `otx report`. */

import { type Command, InvalidArgumentError } from 'commander';
import { writeReport } from '../../index.js';
import { afterReport } from '../closing.js';
import { addSettingFlags, settingsNamed } from '../setting-flags.js';
import type { CommandContext } from './context.js';

interface Flags {
  readonly output?: string;
  readonly worst?: number;
  readonly exports?: string;
  readonly threads?: number;
}

export function addReport(program: Command, { terminal, run: work }: CommandContext): void {
  const command = program
    .command('report')
    .description('write the report of a training as one HTML file that needs nothing else')
    .argument('<run>', 'folder of a training, or of a study, whose best training is told of in full')
    .option('-o, --output <file>', 'the file (default: report.html in the folder of the run)')
    .option(
      '--worst <number>',
      'validation images that are segmented once more to find the worst ones; 0 looks at none (default: 100)',
      parseWorst,
    )
    .option(
      '--exports <folder>',
      'exported files with their table (default: those in the folder of the run)',
    );
  addSettingFlags(command, settingsNamed('threads')).action(async (run: string, flags: Flags) => {
    const { file, bytes, replaced } = await work((hooks) => writeReport({ run, ...flags, ...hooks }));
    const before = replaced
      ? `, in place of the report of ${replaced.toISOString().slice(0, 16).replace('T', ' ')} UTC`
      : '';
    terminal.print(`written ${file} (${(bytes / 1e6).toFixed(1)} MB)${before}\n\n${afterReport(run, file)}`);
  });
}

function parseWorst(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number from 0');
}
