/** @file The pictures that a user names to have them segmented: one file, or all of a folder. */

import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { OtxError } from '../base/errors.js';
import type { Inputs } from '../base/outputs/places.js';
import { findImages } from '../data/images/image-files.js';
import { maskFiles } from '../data/images/mask-files.js';
import { searchedInputs } from '../runs/inputs.js';

/** What was found behind a path. */
export interface GivenPictures {
  /** Sorted by their names; at least one. */
  readonly files: readonly GivenPicture[];
  /** As the gate for outputs wants to know it. */
  readonly inputs: Inputs;
  readonly isFolder: boolean;
  /** A sentence on pictures of the folder that were passed over. */
  readonly skipped: string | undefined;
}

export interface GivenPicture {
  readonly path: string;
  /** Below the folder, with forward slashes. */
  readonly relative: string;
}

/** @throws OtxError `image` where there is nothing, or a folder without pictures. */
export async function findGivenPictures(input: string): Promise<GivenPictures> {
  const kind = await stat(input).catch(() => undefined);
  if (!kind) throw new OtxError('image', `${input}: no such image or folder`);
  if (!kind.isDirectory()) {
    return {
      files: [{ path: input, relative: basename(input) }],
      inputs: { images: [{ path: input, what: 'the image to segment' }] },
      isFolder: false,
      skipped: undefined,
    };
  }
  const all = await findImages(input);
  const masks = maskFiles(all);
  const files = all.filter((file) => !masks.has(file));
  if (files.length === 0) throw new OtxError('image', `${input}: there are no images in this folder`);
  const paths = files.map(({ path }) => path);
  return {
    files,
    inputs: searchedInputs('the images to segment', [input], paths),
    isFolder: true,
    skipped:
      masks.size === 0
        ? undefined
        : `${input}: ${masks.size} of its ${all.length} pictures are masks of others by their names and were passed over`,
  };
}
