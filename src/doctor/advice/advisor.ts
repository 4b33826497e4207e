/** @file What looks at the pictures: a model of any form, or the embedded backbone before there is one. */

import type { DataReading, Size } from '../../data/index.js';
import { openModel, openTrained } from '../../inference/open-model.js';
import type { ModelOptions, OpenedModel } from '../../inference/opened-model.js';
import { readerOf } from '../../inference/readers/index.js';
import { loadTrainedModel } from '../../inference/trained-model.js';
import type { SettingOptions } from '../../settings/index.js';
import { openColdStart } from './cold-start.js';
import { openExportedPictureNetwork, openPictureNetwork, type PictureNetwork } from './picture-network.js';

/** Which model, or none yet. */
export type AdvisorOptions = Omit<ModelOptions, 'weights'> &
  SettingOptions & { readonly weights?: string | undefined };

/** Holds threads or a process until its network is let go. */
export interface Advisor {
  /** Of the network input, in pixels. */
  readonly inputSize: Size;
  /** How the data was read that it learned from, where that is known. */
  readonly data?: DataReading | undefined;
  readonly network: PictureNetwork;
  /** The model for its proposals; undefined where nothing is labeled yet. */
  readonly open: (() => Promise<OpenedModel>) | undefined;
  /** Its file, for messages. */
  readonly source: string;
}

/** @throws OtxError `checkpoint`, `template`, `usage` */
export async function openAdvisor({ weights, ...options }: AdvisorOptions): Promise<Advisor> {
  if (weights === undefined) return { ...(await openColdStart(options)), open: undefined };
  const { threads, signal } = options;
  const given = { ...options, weights };
  const reader = await readerOf(weights);
  if (reader) {
    const { reading, network } = await openExportedPictureNetwork(given, reader);
    const { inputSize, data } = reading;
    return { inputSize, data, network, open: () => openModel(given), source: weights };
  }
  const trained = await loadTrainedModel(given);
  const { inputSize, data } = trained;
  const network = await openPictureNetwork(trained, { weights, threads });
  return {
    ...{ inputSize, data, network, source: weights },
    open: () => openTrained(trained, { weights, threads, signal }),
  };
}
