/** @file What `otx train` was asked for: `params` and flags over the files behind `--data` and `--config`. */

import { OtxError, option } from '../../base/errors.js';
import {
  describeSettings,
  readDataFile,
  readTrainingConfig,
  type SettingOptions,
  type TrainOptions,
  type Workspace,
} from '../../index.js';
import { type TypedOptions, typedOptions } from '../setting-flags.js';
import { isDataFolder } from '../template-word.js';
import { type NetworkFlags, networkOf } from './network-flags.js';

/** As commander gives them: those of settings and options, and these. */
export interface TrainFlags extends NetworkFlags, Readonly<Record<string, unknown>> {
  readonly useOtxAdapter?: boolean;
  readonly gpus?: string;
  readonly deterministic?: boolean;
  readonly data?: string;
  readonly config?: string;
  readonly workspace?: string;
  readonly printConfig?: boolean;
  readonly seeds?: readonly number[];
  readonly wait?: boolean;
  readonly enableHpo?: boolean;
  readonly hpoTimeRatio?: number;
}

/** Under the names of the public API; what nobody gave is not there. */
export type TrainRequest = TypedOptions & {
  readonly template?: TrainOptions['template'] | undefined;
  readonly model?: TrainOptions['model'];
};

/**
 * Flags and `params` over the files.
 *
 * @param word what stands behind `train`: a template, or the folder of the training data.
 * @param params settings that were typed behind `params`.
 * @param workspace whose files stand in for those that are not typed; a run that goes on has its own.
 * @throws OtxError `usage` for a file or a setting that is not allowed.
 */
export async function trainRequest(
  word: string | undefined,
  flags: TrainFlags,
  params: SettingOptions,
  workspace?: Workspace,
): Promise<TrainRequest> {
  const typed = typedOptions(flags, describeSettings());
  const model = await networkOf(flags);
  const {
    configuration,
    data: dataFile,
    template,
  }: Partial<Workspace> = typed.resumeFrom === undefined ? { ...workspace } : {};
  const [configFile, listed] = [flags.config ?? configuration, flags.data ?? dataFile];
  const file = configFile === undefined ? {} : await readTrainingConfig(configFile);
  const data = listed === undefined ? {} : await readDataFile(listed);
  return {
    ...given({ template }),
    ...file,
    ...given({
      trainData: data.train,
      validationData: data.val,
      unlabeledData: data.unlabeled,
      unlabeledFileList: data.unlabeledFileList,
    }),
    // It brings its own weights.
    ...(model && typed.resumeFrom === undefined ? { pretrained: false } : {}),
    ...typed,
    ...given({ model }),
    ...params,
    ...templateOrData(word, typed.trainData),
  };
}

/** @param trainData behind its flag. */
function templateOrData(
  word: string | undefined,
  trainData: TrainOptions['trainData'] | undefined,
): Pick<TrainRequest, 'template' | 'trainData'> {
  if (word === undefined) return {};
  if (!isDataFolder(word)) return { template: word };
  if (trainData === undefined) return { trainData: word };
  throw new OtxError(
    'usage',
    `${word} is a folder and no template, and ${option('trainData')} ${trainData} names the data as well; leave one of them out`,
  );
}

/** That nothing names the data. */
export const missingData = () =>
  new OtxError(
    'usage',
    `missing required option ${option('trainData')} (only a folder in place of the template, --resume-from, --data and --config can ` +
      'stand in for it)',
  );

/** What is undefined must not hide what others say. */
function given<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
