/** @file Making a workspace, or changing what one says. */

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { stringify } from 'yaml';
import { checkOptions, type OptionKinds } from '../../base/check-options.js';
import { OtxError, option } from '../../base/errors.js';
import { Outputs } from '../../base/outputs/outputs.js';
import { joinInputs } from '../../runs/inputs.js';
import { settingsOf } from '../../settings/index.js';
import { DEFAULT_TEMPLATE, formatTemplate, loadTemplate, type TrainType } from '../../templates/index.js';
import { readTrainingConfig } from '../options/training-config.js';
import { type DataFile, formatDataFile, readDataFile } from './data-file.js';
import { CONFIGURATION_FILE, DATA_FILE, findWorkspace, TEMPLATE_FILE, type Workspace } from './workspace.js';

/** Which workspace, and what it is to say. Of one that is there already, what is left out stays as it is. */
export interface BuildWorkspaceOptions {
  /** Its folder; made when it is not there. */
  readonly workspace: string;
  /** Name, id or path of the template. Default Lite-HRNet-s-mod2. */
  readonly template?: string | undefined;
  /** Data set to learn from. */
  readonly trainData?: string | undefined;
  /** Data set to validate on. */
  readonly validationData?: string | undefined;
  /** Data set to score on. */
  readonly testData?: string | undefined;
  /** Folder of images without masks. */
  readonly unlabeledData?: string | undefined;
  /** List of those of them that are used. */
  readonly unlabeledFileList?: string | undefined;
  /** Kind of its trainings; else the data decides when one begins. */
  readonly trainType?: TrainType | undefined;
  /** Seed of its trainings, a whole number from 0. */
  readonly seed?: number | undefined;
}

/** What was made. */
export interface BuiltWorkspace extends Workspace {
  /** Name of its template. */
  readonly templateName: string;
  /** Id of its template. */
  readonly templateId: string;
  /** Names of the files that were written. */
  readonly written: readonly string[];
}

const KINDS = {
  ...{ workspace: 'path', template: 'template?', trainData: 'path?', validationData: 'path?' },
  ...{ testData: 'path?', unlabeledData: 'path?', unlabeledFileList: 'path?' },
  ...{ trainType: 'string?', seed: 'number?' },
} as const satisfies OptionKinds;

const DATA_OPTIONS = ['trainData', 'validationData', 'testData', 'unlabeledData'] as const;

/** Seeds are kept in 32 bits. */
const MOST_SEED = 2 ** 32 - 1;

const CONFIGURATION_HEAD =
  '# Settings of the trainings of this workspace: any that "otx train --print-config" writes. Flags win.\n';

/**
 * Makes a workspace: a folder with `template.yaml`, `data.yaml` and, where a kind of training or a seed is given,
 * `configuration.yaml`. The command line takes from it what is not typed; nothing needs one.
 *
 * @throws OtxError `output` for files that were changed by somebody, which are not replaced; `template`, `dataset`, `usage`.
 */
export async function buildWorkspace(options: BuildWorkspaceOptions): Promise<BuiltWorkspace> {
  checkOptions('buildWorkspace()', options, KINDS);
  const { workspace: folder, template, trainType, seed } = options;
  if (seed !== undefined && !(Number.isInteger(seed) && seed >= 0 && seed <= MOST_SEED)) {
    throw new OtxError(
      'usage',
      `${option('seed')} is ${seed}; expected a whole number from 0 to ${MOST_SEED}`,
    );
  }
  const asked = settingsOf({ trainType });
  await requireData(options);
  const earlier = await findWorkspace(folder);
  const loaded = loadTemplate(template ?? earlier?.template ?? DEFAULT_TEMPLATE);
  const data = await dataOf(options, earlier);
  const files = new Map<string, string>();
  if (!earlier || template !== undefined) files.set(TEMPLATE_FILE, formatTemplate(loaded));
  if (data !== undefined) files.set(DATA_FILE, formatDataFile(data));
  if (trainType !== undefined || seed !== undefined) {
    files.set(CONFIGURATION_FILE, await configurationOf(earlier, seed, asked));
  }
  await write(folder, files, options);
  const made = (await findWorkspace(folder)) as Workspace;
  const { name: templateName, id: templateId } = loaded;
  return { ...made, templateName, templateId, written: [...files.keys()] };
}

/** @throws OtxError `dataset` for what is not there */
async function requireData(options: BuildWorkspaceOptions): Promise<void> {
  for (const name of [...DATA_OPTIONS, 'unlabeledFileList'] as const) {
    const path = options[name];
    if (path === undefined || (await stat(path).catch(() => undefined))) continue;
    throw new OtxError(
      'dataset',
      `${path}: does not exist; ${option(name)} expects the path of what is there`,
    );
  }
}

/** With absolute paths, so that the workspace is the same from wherever it is used; undefined where nothing changes. */
async function dataOf(
  options: BuildWorkspaceOptions,
  earlier: Workspace | undefined,
): Promise<DataFile | undefined> {
  const { trainData, validationData, testData, unlabeledData, unlabeledFileList } = options;
  const given = Object.entries({
    ...{ train: trainData, val: validationData, test: testData },
    ...{ unlabeled: unlabeledData, unlabeledFileList },
  }).flatMap(([name, path]) => (path === undefined ? [] : [[name, resolve(path)] as const]));
  if (earlier && given.length === 0) return undefined;
  return { ...(earlier ? await readDataFile(earlier.data) : {}), ...Object.fromEntries(given) };
}

async function configurationOf(
  earlier: Workspace | undefined,
  seed: number | undefined,
  asked: ReturnType<typeof settingsOf>,
): Promise<string> {
  const file = earlier?.configuration;
  const { seed: before, trainType } = file === undefined ? {} : await readTrainingConfig(file);
  const settings = { ...settingsOf({ trainType }).algo_backend, ...asked.algo_backend };
  const content = {
    ...((seed ?? before) === undefined ? {} : { seed: seed ?? before }),
    ...(Object.keys(settings).length === 0 ? {} : { hyper_parameters: { algo_backend: settings } }),
  };
  return CONFIGURATION_HEAD + stringify(content);
}

async function write(
  folder: string,
  files: ReadonlyMap<string, string>,
  options: BuildWorkspaceOptions,
): Promise<void> {
  const inputs = DATA_OPTIONS.map((name) => {
    const path = options[name];
    return path === undefined ? {} : { folders: [{ path, what: 'the data' }] };
  });
  const outputs = await Outputs.open({
    root: folder,
    files: [...files.keys()],
    inputs: joinInputs(...inputs),
  });
  try {
    for (const [name, text] of files) await outputs.write(name, text);
  } finally {
    await outputs.close();
  }
}
