/** @file Looks at all pictures, those to choose from and those that have labels. */

import { resolve } from 'node:path';
import { throwIfAborted } from '../../base/abortable.js';
import { OtxError, option } from '../../base/errors.js';
import { atInputSize } from '../../data/images/network-input.js';
import type { DataReading, DecodedImage } from '../../data/index.js';
import { thumbnailOf } from '../../data/measures/look.js';
import type { GivenPicture } from '../../inference/given-pictures.js';
import { openPicture } from '../../inference/image-source.js';
import type { FailedImage } from '../../inference/predict.js';
import type { JobEvent } from '../../runs/events.js';
import type { Advisor } from './advisor.js';
import { type LabeledPicture, type MeasuredPicture, standardised } from './choose.js';

/** A picture that may be chosen. */
export interface Candidate extends MeasuredPicture {
  readonly file: GivenPicture;
}

/** What is looked at. */
interface Looked {
  readonly files: readonly GivenPicture[];
  /** Of pictures with labels. */
  readonly inLabels: readonly string[];
}

/** What was seen. */
export interface Measured {
  readonly measured: Candidate[];
  readonly labeled: LabeledPicture[];
  readonly failed: FailedImage[];
}

interface Listening {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent: (event: JobEvent) => void;
}

/** Lets the network go. @throws OtxError `aborted` when the signal fires */
export async function measureAll(
  { files, inLabels }: Looked,
  { network, inputSize, data, source }: Advisor,
  { signal, onEvent }: Listening,
): Promise<Measured> {
  const known = new Set(inLabels);
  // What lies among the pictures and has labels is no candidate.
  const candidates = files.filter(({ path }) => !known.has(resolve(path)));
  const failed: FailedImage[] = [];
  if (!network.hasFeatures) onEvent({ type: 'notice', message: lacksFeatures(source) });
  let done = 0;
  const total = candidates.length + inLabels.length;
  const lookAt = async (path: string) => {
    throwIfAborted(signal, 'looking at images');
    try {
      const image = await readWhole(path, data);
      const { features, ...answer } = await network.look(atInputSize(image, inputSize));
      const thumbnail = thumbnailOf(image);
      return { thumbnail, ...answer, features: features ?? Float32Array.from(thumbnail) };
    } catch (error) {
      if (!(error instanceof OtxError && error.code === 'image')) throw error;
      failed.push({ input: path, reason: error.message });
      return undefined;
    } finally {
      done += 1;
      onEvent({ type: 'progress', task: 'compare', done, total });
    }
  };
  try {
    const found = [];
    for (const file of candidates) {
      const seen = await lookAt(file.path);
      if (seen) found.push({ file, ...seen });
    }
    const labeled = [];
    for (const path of inLabels) {
      const seen = await lookAt(path);
      if (seen) labeled.push(seen);
    }
    const features = standardised([...found, ...labeled].map((one) => one.features));
    return {
      measured: found.map((one, at) => ({ ...one, features: features[at]! })),
      labeled: labeled.map((one, at) => ({ ...one, features: features[found.length + at]! })),
      failed,
    };
  } finally {
    await network.dispose();
  }
}

const lacksFeatures = (weights: string) =>
  `${weights} gives no features: pictures are compared by the colours of 16x16 patches, which says less of what they show. ` +
  `A run of a template has features, and so has a file exported with ${option('dumpFeatures')}`;

/** All pixels of a picture. */
export async function readWhole(path: string, data: DataReading | undefined): Promise<DecodedImage> {
  const { whole, width, height, rows } = await openPicture(path, data?.imageReading);
  return whole ?? { data: await rows(0, height), width, height };
}
