/**
 * @file Workspaces in the form of OpenVINO Training Extensions, for those who script them: a folder with the template, the data and the
 * settings of trainings, and what came of these.
 */

import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pointTo } from '../../base/outputs/pointer.js';

/** File of the template, in the form of those of the package. */
export const TEMPLATE_FILE = 'template.yaml';
/** File that names the data, `data: {train: {data-roots: FOLDER}, …}`. */
export const DATA_FILE = 'data.yaml';
/** File of the settings, as `otx train --config` reads it. */
export const CONFIGURATION_FILE = 'configuration.yaml';
const OUTPUTS = 'outputs';
const LATEST_LINK = 'latest_trained_model';

/** A workspace. */
export interface Workspace {
  /** Its folder. */
  readonly folder: string;
  /** Path of its template. */
  readonly template: string;
  /** Path of the file that names its data. */
  readonly data: string;
  /** Path of the file with settings of its trainings; undefined where there is none. */
  readonly configuration: string | undefined;
  /** Folder of what trainings and other commands write. */
  readonly outputs: string;
}

/**
 * Looks whether a folder is a workspace: whether it has a `template.yaml` and a `data.yaml`.
 *
 * @param folder need not be there.
 * @returns undefined for a folder that is none.
 */
export async function findWorkspace(folder: string): Promise<Workspace | undefined> {
  const [template, data, configuration] = [TEMPLATE_FILE, DATA_FILE, CONFIGURATION_FILE].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  if (!(await isFile(template)) || !(await isFile(data))) return undefined;
  return {
    ...{ folder, template, data, outputs: join(folder, OUTPUTS) },
    configuration: (await isFile(configuration)) ? configuration : undefined,
  };
}

/**
 * Lets `outputs/latest_trained_model` of a workspace lead to a run.
 *
 * @param run its folder.
 * @returns path of the link; undefined where file systems have no links, or something else has its name.
 */
export async function linkLatestRun({ outputs }: Workspace, run: string): Promise<string | undefined> {
  const folder = await realpath(outputs).catch(() => undefined);
  const target = await realpath(dirname(resolve(run))).catch(() => undefined);
  if (folder === undefined || target === undefined) return undefined;
  const isLinked = await pointTo(join(folder, LATEST_LINK), join(target, basename(resolve(run))));
  return isLinked ? join(outputs, LATEST_LINK) : undefined;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}
