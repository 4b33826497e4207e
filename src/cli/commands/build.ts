/** @file `otx build`. */

import { basename } from 'node:path';
import type { Command } from 'commander';
import { OtxError } from '../../base/errors.js';
import { otxCommand } from '../../base/shell.js';
import { buildWorkspace, DEFAULT_TEMPLATE, parseSetting, type TrainOptions } from '../../index.js';
import type { CommandContext } from './context.js';
import { findTable } from './find.js';
import { DEFAULT_WORKSPACE } from './workspace.js';

interface Flags {
  trainDataRoots?: string;
  valDataRoots?: string;
  testDataRoots?: string;
  unlabeledDataRoots?: string;
  unlabeledFileList?: string;
  task?: string;
  model?: string;
  trainType?: string;
  workspace?: string;
  seed?: string;
  deterministic?: boolean;
}

export function addBuild(program: Command, { terminal, settings, workspace: current }: CommandContext): void {
  program
    .command('build')
    .description(
      'make a workspace, from which other commands take template, data and outputs; nothing needs one',
    )
    .argument('[template]', `name, id or path of a template (default: ${DEFAULT_TEMPLATE})`)
    .option('--train-data-roots <folder>', 'data set to learn from')
    .option('--val-data-roots <folder>', 'data set to validate on')
    .option('--test-data-roots <folder>', 'data set to score on')
    .option('--unlabeled-data-roots <path>', 'images without masks')
    .option('--unlabeled-file-list <file>', 'use only these of them')
    .option('--task <task>', 'SEGMENTATION, the only one')
    .option('--model <name>', 'the template, in another place')
    .option(
      '--train-type <name>',
      'Incremental, Semisupervised or Selfsupervised (default: the data decides)',
    )
    .option(
      '--workspace <folder>',
      `folder of the workspace (default: the current folder where it is one, else ${DEFAULT_WORKSPACE})`,
    )
    .option('--seed <number>', 'seed of its trainings')
    .option('--deterministic', 'accepted for the sake of scripts: every training is deterministic')
    .action(async (word: string | undefined, flags: Flags) => {
      settings('build');
      findTable(flags.task);
      const template = templateOf(word, flags.model);
      const parsed = <N extends 'trainType' | 'seed'>(name: N) =>
        flags[name] === undefined ? undefined : (parseSetting(name, flags[name]) as TrainOptions[N]);
      const made = await buildWorkspace({
        workspace: flags.workspace ?? current()?.folder ?? DEFAULT_WORKSPACE,
        template,
        ...{ trainData: flags.trainDataRoots, validationData: flags.valDataRoots },
        ...{ testData: flags.testDataRoots, unlabeledData: flags.unlabeledDataRoots },
        ...{
          unlabeledFileList: flags.unlabeledFileList,
          trainType: parsed('trainType'),
          seed: parsed('seed'),
        },
      });
      const { folder, templateId, templateName, written, data } = made;
      terminal.print(
        [
          `workspace ${folder}, template ${templateName} (${templateId})`,
          written.length > 0
            ? `written: ${written.map((name) => basename(name)).join(', ')}`
            : 'nothing changed',
          `data configuration ${data}`,
          `\nwhat next:\n  train  ${otxCommand('train', '--workspace', folder)}`,
        ].join('\n'),
      );
    });
}

/** @throws OtxError `usage` for two templates */
function templateOf(word: string | undefined, model: string | undefined): string | undefined {
  if (word === undefined || model === undefined || word === model) return word ?? model;
  throw new OtxError(
    'usage',
    `the template ${word} and --model ${model} mean the same; leave one of them out`,
  );
}
