/** @file `otx find`: the templates as a table. */

import { relative } from 'node:path';
import type { Command } from 'commander';
import { OtxError } from '../../base/errors.js';
import { listTemplates } from '../../index.js';
import { createSegmentor, describe } from '../../models/index.js';
import { formatTable } from '../table.js';
import type { CommandContext } from './context.js';

/** Input and classes for which the size of a network is told: those of the published tables. */
const TABLE_INPUT = [1, 3, 512, 512];
const TABLE_CLASSES = 2;
const BYTES_PER_PARAMETER = 4;

export function addFind(program: Command, { terminal, settings }: CommandContext): void {
  program
    .command('find')
    .description('list the templates')
    .option('--task <task>', 'only templates of this task (SEGMENTATION)')
    .option('--template', 'show templates (they are always shown)')
    .option(
      '-v, --verbose',
      'show also parameters, multiply-accumulates at 512x512 and size on disk, with two classes (docs/models.md)',
    )
    .action((options: { task?: string; verbose?: boolean }) => {
      settings('find');
      terminal.print(findTable(options.task, options.verbose === true));
    });
}

const SIZE_HEAD = ['PARAMETERS', 'MACS AT 512x512', 'FP32 SIZE'];

/** @throws OtxError `usage` for a task without templates */
export function findTable(task: string | undefined, verbose: boolean): string {
  const templates = listTemplates();
  const tasks = [...new Set(templates.map((template) => template.task))];
  if (task !== undefined && !tasks.some((known) => known === task.toUpperCase())) {
    throw new OtxError('usage', `no templates for task "${task}"; there are some for ${tasks.join(', ')}`);
  }
  const head = ['TASK', 'ID', 'NAME', 'BASE PATH', ...(verbose ? SIZE_HEAD : [])];
  const rows = templates.map(({ id, name, task: ofTask, path, model }) => [
    ofTask,
    id,
    name,
    relative(process.cwd(), path),
    ...(verbose ? modelSize(model) : []),
  ]);
  return formatTable(head, rows);
}

function modelSize(model: string): string[] {
  const { parameters, macs } = describe(createSegmentor(model, { numClasses: TABLE_CLASSES }), TABLE_INPUT);
  return [
    parameters.toLocaleString('en'),
    `${(macs / 1e9).toFixed(3)} G`,
    `${((BYTES_PER_PARAMETER * parameters) / 2 ** 20).toFixed(1)} MiB`,
  ];
}
