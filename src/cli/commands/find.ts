/** @file `otx find`: the templates as a table. */

import { relative } from 'node:path';
import type { Command } from 'commander';
import { OtxError } from '../../base/errors.js';
import { listTemplates } from '../../index.js';
import { createSegmentor, describe } from '../../models/index.js';
import { measureNetwork } from '../../training/speed.js';
import { formatTable } from '../table.js';
import type { CommandContext } from './context.js';

/** Input and classes for which the size of a network is told: those of the published tables. */
const TABLE_SIDE = 512;
const TABLE_INPUT = [1, 3, TABLE_SIDE, TABLE_SIDE];
const TABLE_CLASSES = 2;
const BYTES_PER_PARAMETER = 4;

export function addFind(program: Command, { terminal, settings, run }: CommandContext): void {
  program
    .command('find')
    .description('list the templates')
    .option('--task <task>', 'only templates of this task (SEGMENTATION)')
    .option('--template', 'show templates (they are always shown)')
    .option(
      '-v, --verbose',
      'show also parameters, multiply-accumulates at 512x512 and size on disk, with two classes (docs/models.md)',
    )
    .option('--measure', 'show also the milliseconds that this machine takes to segment one image of 512x512')
    .action(async ({ task, verbose, measure }: { task?: string; verbose?: boolean; measure?: boolean }) => {
      settings('find');
      findTable(task);
      const milliseconds = measure ? await run(({ signal }) => measureAll(signal)) : undefined;
      terminal.print(findTable(task, { verbose, milliseconds }));
    });
}

const SIZE_HEAD = ['PARAMETERS', 'MACS AT 512x512', 'FP32 SIZE'];

/** By name of the network. */
async function measureAll(signal: AbortSignal): Promise<Map<string, number>> {
  const milliseconds = new Map<string, number>();
  for (const { model } of listTemplates()) {
    if (milliseconds.has(model)) continue;
    milliseconds.set(
      model,
      await measureNetwork(model, { side: TABLE_SIDE, numClasses: TABLE_CLASSES, signal }),
    );
  }
  return milliseconds;
}

export interface Columns {
  /** Parameters, multiply-accumulates and size. */
  readonly verbose?: boolean | undefined;
  /** Measured times per image by name of the network. */
  readonly milliseconds?: ReadonlyMap<string, number> | undefined;
}

/** @throws OtxError `usage` for a task without templates */
export function findTable(task: string | undefined, { verbose, milliseconds }: Columns = {}): string {
  const templates = listTemplates();
  const tasks = [...new Set(templates.map((template) => template.task))];
  if (task !== undefined && !tasks.some((known) => known === task.toUpperCase())) {
    throw new OtxError('usage', `no templates for task "${task}"; there are some for ${tasks.join(', ')}`);
  }
  const head = [
    'TASK',
    'ID',
    'NAME',
    'BASE PATH',
    ...(verbose ? SIZE_HEAD : []),
    ...(milliseconds ? ['MS AT 512x512'] : []),
  ];
  const rows = templates.map(({ id, name, task: ofTask, path, model }) => [
    ofTask,
    id,
    name,
    relative(process.cwd(), path),
    ...(verbose ? modelSize(model) : []),
    ...(milliseconds ? [milliseconds.get(model)?.toFixed(1) ?? ''] : []),
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
