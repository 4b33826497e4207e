/** @file Recognises a data set: a training may only go on with the data it began with. */

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { OtxError } from '../base/errors.js';
import type { ClassInfo, Sample, UnlabeledImages } from '../data/index.js';
import { recognisedText } from './recognised-text.js';

export const fingerprintSchema = z.object({
  classes: z.array(z.string()),
  samples: z.int(),
  /** SHA-256 over the names and sizes of the samples. */
  hash: z.string(),
});

/** What of a data set a fingerprint depends on; the root only names it. */
interface RecognisedData {
  readonly root: string;
  readonly classes: readonly Pick<ClassInfo, 'name'>[];
  readonly samples: readonly Pick<Sample, 'id' | 'width' | 'height'>[];
}

/** Images without masks as data that can be recognised. */
export const withoutClasses = ({ root, images }: UnlabeledImages): RecognisedData => ({
  root,
  classes: [],
  samples: images,
});

/** Class names, and names and sizes of the images; not where they are kept. */
export type Fingerprint = z.infer<typeof fingerprintSchema>;

export function fingerprintOf({ classes, samples }: RecognisedData): Fingerprint {
  return {
    classes: classes.map(({ name }) => name),
    samples: samples.length,
    hash: createHash('sha256').update(recognisedText(samples)).digest('hex'),
  };
}

/** @throws OtxError `dataset` naming the first difference. */
export function checkFingerprint(dataset: RecognisedData, expected: Fingerprint): void {
  const found = fingerprintOf(dataset);
  const differs = (what: string) =>
    new OtxError(
      'dataset',
      `${dataset.root}: is not the data that this run was trained with (${what}); ` +
        'give the same data, or start a new run with --load-weights',
    );
  const [now, before] = [found, expected].map(({ classes }) => classes.join(', '));
  if (now !== before) throw differs(`its classes are ${now}; they were ${before}`);
  if (found.samples !== expected.samples)
    throw differs(`it has ${found.samples} images; there were ${expected.samples}`);
  if (found.hash !== expected.hash) throw differs('names or sizes of images have changed');
}
