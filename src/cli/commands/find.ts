/** @file `otx find`: the templates as a table. */

import { relative } from 'node:path';
import type { Command } from 'commander';
import { OtxError } from '../../base/errors.js';
import { listTemplates, measureNetwork, networkSize } from '../../index.js';
import { formatTable } from '../table.js';
import type { CommandContext, JobHooks } from './context.js';

/** Input and classes for which the size of a network is told: those of the published tables. */
const TABLE_SIDE = 512;
const TABLE_CLASSES = 2;
const TABLE = { side: TABLE_SIDE, numClasses: TABLE_CLASSES };
const BYTES_PER_PARAMETER = 4;
/** Library of the backbones, as the reference calls it. */
const BACKBONE_SOURCE = 'otx';

export function addFind(program: Command, { terminal, settings, run }: CommandContext): void {
  program
    .command('find')
    .description('list the templates')
    .option('--task <task>', 'only templates of this task (SEGMENTATION)')
    .option('--template', 'show templates (the default; beside --backbone they are shown as well)')
    .option(
      '--backbone <name...>',
      `show backbones, of ${BACKBONE_SOURCE} or all: the networks that templates train`,
    )
    .option(
      '-v, --verbose',
      'show also parameters, multiply-accumulates at 512x512 and size on disk, with two classes (docs/models.md)',
    )
    .option('--measure', 'show also the milliseconds that this machine takes to segment one image of 512x512')
    .action(async ({ task, template, backbone, verbose, measure }: Flags) => {
      settings('find');
      findTable(task);
      // Other programs are given a table whatever its width.
      const columns = terminal.live ? terminal.columns : undefined;
      if (backbone) terminal.print(backboneTable(backbone, columns));
      if (backbone && !template) return;
      const milliseconds = measure ? await run(measureAll) : undefined;
      terminal.print(findTable(task, { verbose, milliseconds, columns }));
    });
}

interface Flags {
  task?: string;
  template?: boolean;
  backbone?: string[];
  verbose?: boolean;
  measure?: boolean;
}

/**
 * The networks, their size without a head, the templates that train them and the published weights they may start from.
 *
 * @throws OtxError `usage` for a library whose backbones are not here.
 */
export function backboneTable(sources: readonly string[], columns?: number): string {
  const foreign = sources.find((source) => ![BACKBONE_SOURCE, 'all'].includes(source.toLowerCase()));
  if (foreign !== undefined) {
    throw new OtxError(
      'usage',
      `--backbone: there are no backbones of "${foreign}" here; those of ${BACKBONE_SOURCE} are, which its templates train`,
    );
  }
  const templates = listTemplates();
  const models = [...new Set(templates.map(({ model }) => model))];
  const rows = models.map((model, index) => {
    const { backboneParameters, pretrainedFile } = networkSize(model, TABLE);
    return [
      String(index + 1),
      model,
      backboneParameters.toLocaleString('en'),
      templates.flatMap(({ name, model: of }) => (of === model ? [name] : [])).join(', '),
      pretrainedFile,
    ];
  });
  return formatTable(['INDEX', 'BACKBONE TYPE', 'PARAMETERS', 'TEMPLATES', 'PRETRAINED'], rows, columns);
}

const SIZE_HEAD = ['PARAMETERS', 'MACS AT 512x512', 'FP32 SIZE'];

/** By name of the network. */
async function measureAll({ onEvent, signal }: JobHooks): Promise<Map<string, number>> {
  const milliseconds = new Map<string, number>();
  const models = new Set(listTemplates().map(({ model }) => model));
  const told = () =>
    onEvent({ type: 'progress', task: 'measure', done: milliseconds.size, total: models.size });
  told();
  for (const model of models) {
    milliseconds.set(model, await measureNetwork(model, { ...TABLE, signal }));
    told();
  }
  return milliseconds;
}

export interface Columns {
  /** Parameters, multiply-accumulates and size. */
  readonly verbose?: boolean | undefined;
  /** Measured times per image by name of the network. */
  readonly milliseconds?: ReadonlyMap<string, number> | undefined;
  /** Of the terminal: a table that is wider becomes a list. */
  readonly columns?: number | undefined;
}

/** @throws OtxError `usage` for a task without templates */
export function findTable(
  task: string | undefined,
  { verbose, milliseconds, columns }: Columns = {},
): string {
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
  return formatTable(head, rows, columns);
}

function modelSize(model: string): string[] {
  const { parameters, multiplyAccumulates } = networkSize(model, TABLE);
  return [
    parameters.toLocaleString('en'),
    `${(multiplyAccumulates / 1e9).toFixed(3)} G`,
    `${((BYTES_PER_PARAMETER * parameters) / 2 ** 20).toFixed(1)} MiB`,
  ];
}
