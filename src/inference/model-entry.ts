/**
 * @file What an exported file says of itself in one metadata property, so that the file alone is enough to get the masks of
 * eval and predict from it. docs/deploy.md is for those who read it.
 */

import { z } from 'zod';
import { OtxError } from '../base/errors.js';
import { namesProblem } from '../base/names.js';
import { parseJson } from '../base/parse-json.js';
import { dataReadingSchema } from '../data/readings/data-reading.js';
import { PIXEL_MEAN, PIXEL_STD } from '../data/transforms/normalize.js';
import { tileSize } from '../settings/kinds.js';
import { type FileForm, isUsualForm, USUAL_FORM } from './file-form.js';
import type { Reading } from './opened-model.js';

/** Key of the property. */
export const ENTRY_KEY = 'otx';

/** Of the form of the entry; a reader refuses what it does not know. The second one has the form of the file, where it is not the usual one. */
const VERSIONS = { usual: 1, withForm: 2 } as const;

/** Of files that say nothing of windows. */
const WITHOUT_TILING = { tile: 'auto', overlap: 0.25 };

const channel = z.int().min(0).max(255);
const three = z.tuple([z.number(), z.number(), z.number()]);
const side = z.int().positive();

const schema = z.object({
  version: z.literal(Object.values(VERSIONS)),
  /** In the order of the output, with spaces and all. */
  classes: z
    .array(z.object({ name: z.string(), color: z.tuple([channel, channel, channel]) }))
    .min(1)
    .max(255),
  /** To which pictures are resized, their aspect ratio not kept. */
  input: z.object({ width: side, height: side }),
  /** What input and output are; without it as they usually are. */
  form: z
    .object({
      normalisation: z.enum(['outside', 'inside']),
      layout: z.enum(['nchw', 'nhwc']),
      channels: z.enum(['rgb', 'bgr']),
      output: z.enum(['probabilities', 'labels']),
    } satisfies Record<keyof FileForm, z.ZodType>)
    .optional(),
  /** Per channel (RGB, 0 to 255): an input value is (pixel - mean) / std. */
  mean: three,
  std: three,
  /** Index of the class of pixels that are nothing else. */
  background: z.literal(0),
  /** Pixels whose best class is less probable are background; null for none. */
  threshold: z.number().min(0).max(1).nullable(),
  /** How the data was read that the model learned from. */
  data: dataReadingSchema.optional(),
  /** In which windows large images are looked at, as the settings say it; without it in files of earlier versions. */
  tiling: z.object({ tile: tileSize().schema, overlap: z.number().min(0).max(0.9) }).optional(),
});

/** What an exported file says of itself. */
export interface FileReading extends Reading {
  readonly form: FileForm;
}

/** The text of the entry. */
export function formatEntry({ classes, inputSize, threshold, data, tiling, form }: FileReading): string {
  const isUsual = isUsualForm(form);
  const entry: z.input<typeof schema> = {
    version: isUsual ? VERSIONS.usual : VERSIONS.withForm,
    classes: classes.map(({ name, color }) => ({ name, color: [...color] })),
    input: { width: inputSize.width, height: inputSize.height },
    ...(isUsual ? {} : { form }),
    mean: [...PIXEL_MEAN],
    std: [...PIXEL_STD],
    background: 0,
    threshold: threshold ?? null,
    ...(data ? { data: dataReadingSchema.parse(data) } : {}),
    tiling: { tile: tiling.tile, overlap: tiling.overlap },
  };
  return JSON.stringify(entry);
}

/** Normalisation of an input that takes pixels as they are. */
export const PIXELS = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
/** Normalisation that all networks are trained with. */
export const NORMALISED = { mean: PIXEL_MEAN, std: PIXEL_STD } as const;

/** The text of an entry for the same model with another normalisation of its input; what is no entry stays as it is. */
export function withNormalisation(text: string, { mean, std }: typeof PIXELS | typeof NORMALISED): string {
  try {
    return JSON.stringify({ ...(parseJson(text) as object), mean: [...mean], std: [...std] });
  } catch {
    return text;
  }
}

/** @param path of the model file, for messages. @throws OtxError `checkpoint` when the entry is not of this form */
export function parseEntry(text: string, path: string): FileReading {
  const unusable = (reason: string, cause?: unknown) =>
    new OtxError(
      'checkpoint',
      `${path}: its metadata "${ENTRY_KEY}" cannot be used (${reason}); export the model again`,
      { cause },
    );
  let entry: z.output<typeof schema>;
  try {
    entry = schema.parse(parseJson(text));
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    throw unusable(
      issue ? `${issue.path.join('.') || 'all of it'}: ${issue.message}` : 'it is no JSON',
      error,
    );
  }
  const { classes, input, threshold, mean, std, data, tiling = WITHOUT_TILING, form = USUAL_FORM } = entry;
  const problem = namesProblem(classes.map(({ name }) => name));
  if (problem !== undefined) throw unusable(problem);
  if (String([mean, std]) !== String([PIXEL_MEAN, PIXEL_STD])) {
    throw unusable(
      `mean ${mean.join(' ')} and std ${std.join(' ')}; ${PIXEL_MEAN.join(' ')} and ${PIXEL_STD.join(' ')} are used`,
    );
  }
  return {
    ...{ classes, inputSize: input, threshold: threshold ?? undefined, data, form },
    tiling: { ...tiling, learnedSize: data?.imageSize },
  };
}
