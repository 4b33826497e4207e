/** @file Backbones that come with the package, or lie in another folder in the same form: each is a file of weights and its card. */

import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { messageOf, OtxError } from '../base/errors.js';
import { parseJson } from '../base/parse-json.js';
import { readBytesOf, readTextOf } from '../base/read-file.js';
import { WEIGHTS_KIND } from './byte-file.js';
import { readWeights } from './read-weights.js';
import type { WeightTensor } from './stored-tensor.js';

/** Those of the package. */
const FOLDER = fileURLToPath(new URL('./backbones/', import.meta.url));
const WEIGHTS = '.safetensors';
const CARD = '.card.json';

const cardSchema = z.looseObject({
  template: z.string().min(1),
  bytes: z.int().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** A backbone, as its card describes it. */
export interface EmbeddedBackbone {
  /** Its file. */
  readonly path: string;
  /** Name of the template that it was trained with. */
  readonly template: string;
  /** Of the file. */
  readonly bytes: number;
  /** Of the file, in hexadecimal. */
  readonly sha256: string;
}

/**
 * All backbones of a folder, sorted by the names of their files.
 *
 * @param folder that need not be there. Default: that of the package.
 * @throws OtxError `checkpoint` for a backbone without a card that can be read.
 */
export async function listEmbedded(folder: string = FOLDER): Promise<EmbeddedBackbone[]> {
  const names = await readdir(folder).catch((): string[] => []);
  const files = names.filter((name) => name.endsWith(WEIGHTS)).sort();
  return Promise.all(files.map((name) => describe(join(folder, name))));
}

async function describe(path: string): Promise<EmbeddedBackbone> {
  const file = `${path.slice(0, -WEIGHTS.length)}${CARD}`;
  const text = await readTextOf(file, {
    code: 'checkpoint',
    expected: `the card of ${path} in JSON`,
    maxBytes: 65_536,
  });
  try {
    const { template, bytes, sha256 } = cardSchema.parse(parseJson(text));
    return { path, template, bytes, sha256 };
  } catch (error) {
    const reason =
      error instanceof z.ZodError ? z.prettifyError(error).replace(/\s+/g, ' ') : messageOf(error);
    throw new OtxError('checkpoint', `${file}: not the card of a backbone (${reason})`, { cause: error });
  }
}

/**
 * The tensors of a backbone by their names, halves as float32.
 *
 * @throws OtxError `checkpoint` when the file is missing, damaged or not the one that its card describes.
 */
export async function readEmbedded({
  path,
  sha256,
}: EmbeddedBackbone): Promise<ReadonlyMap<string, WeightTensor>> {
  const found = createHash('sha256')
    .update(await readBytesOf(path, WEIGHTS_KIND))
    .digest('hex');
  if (found !== sha256) {
    throw new OtxError(
      'checkpoint',
      `${path}: its SHA-256 is ${found} instead of ${sha256}, as its card says; install the package again, or put both files ` +
        'there again',
    );
  }
  return (await readWeights(path)).tensors;
}
