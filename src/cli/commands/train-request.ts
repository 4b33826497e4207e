/** @file What `otx train` was asked for: `params` and flags over the files behind `--data` and `--config`. */

import { describeSettings, readTrainingConfig, type SettingOptions, type TrainOptions } from '../../index.js';
import { readDataFile } from '../data-file.js';
import { type TypedOptions, typedOptions } from '../setting-flags.js';

/** As commander gives them: those of settings and options, and these. */
export interface TrainFlags extends Readonly<Record<string, unknown>> {
  readonly useOtxAdapter?: boolean;
  readonly gpus?: string;
  readonly deterministic?: boolean;
  readonly data?: string;
  readonly config?: string;
  readonly printConfig?: boolean;
}

/** Under the names of the public API; what nobody gave is not there. */
export type TrainRequest = TypedOptions & { readonly template?: TrainOptions['template'] | undefined };

/**
 * Flags and `params` over the files.
 *
 * @param params settings that were typed behind `params`.
 * @throws OtxError `usage` for a file or a setting that is not allowed.
 */
export async function trainRequest(
  template: string | undefined,
  flags: TrainFlags,
  params: SettingOptions,
): Promise<TrainRequest> {
  const file = flags.config === undefined ? {} : await readTrainingConfig(flags.config);
  const data = flags.data === undefined ? {} : await readDataFile(flags.data);
  return {
    ...file,
    ...given({
      trainData: data.train,
      validationData: data.val,
      unlabeledData: data.unlabeled,
      unlabeledFileList: data.unlabeledFileList,
    }),
    ...typedOptions(flags, describeSettings()),
    ...params,
    ...given({ template }),
  };
}

/** What is undefined must not hide what others say. */
function given<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
