/** @file `--workspace`: what a command takes from the workspace of `otx build` when it is not typed. */

import type { Command } from 'commander';
import { OtxError } from '../../base/errors.js';
import { otxCommand } from '../../base/shell.js';
import { findWorkspace, type Workspace } from '../../index.js';

/** Where `otx build` makes one. */
export const DEFAULT_WORKSPACE = 'otx-workspace-SEGMENTATION';

/** What commands take from a workspace. */
const TAKEN: Readonly<Record<string, string>> = {
  train: 'template, data and settings; one that is not there is made',
  eval: 'data to score on, and the latest training',
  optimize: 'data, and the latest training',
  ...Object.fromEntries(
    ['predict', 'demo', 'explain', 'export', 'deploy', 'benchmark'].map((name) => [
      name,
      'the latest training',
    ]),
  ),
};

/** Adds the flag to the commands that have a use for it. */
export function addWorkspaceFlags(program: Command): void {
  for (const command of program.commands) {
    const taken = TAKEN[command.name()];
    if (taken === undefined) continue;
    command.option(
      '--workspace <folder>',
      `take what is not given from this workspace of otx build (${taken}), and write into it (default: the current folder where it is ` +
        'one)',
    );
  }
}

/**
 * The workspace that a command is in; undefined for none.
 *
 * @param command one without the flag is in none.
 * @throws OtxError `usage` for a folder that is none, except where `otx train` makes it.
 */
export async function workspaceOf(command: Command): Promise<Workspace | undefined> {
  if (!command.options.some(({ long }) => long === '--workspace')) return undefined;
  const { workspace: folder } = command.opts<{ workspace?: string }>();
  const found = await findWorkspace(folder ?? '.');
  if (found || folder === undefined || MAKERS.includes(command.name())) return found;
  throw new OtxError(
    'usage',
    `--workspace ${folder}: is no workspace, which has template.yaml and data.yaml; ${otxCommand('build', '--workspace', folder)} makes one`,
  );
}

const MAKERS = ['build', 'train'];
