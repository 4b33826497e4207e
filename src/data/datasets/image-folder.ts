/** @file Opens a folder of images without masks, for learning from images alone. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OtxError } from '../../base/errors.js';
import { META_NAMES } from '../../base/outputs/dataset-folder.js';
import { isFolder } from '../images/image-files.js';
import type { UnlabeledImages } from '../types.js';
import { openUnlabeled, type UnlabeledOptions } from './unlabeled-images.js';

const FEWEST = 2;

/**
 * Opens the images below `root`, in any nesting; headers only. Other files are passed over.
 * @throws OtxError `dataset` when the folder is missing, holds a labeled data set or fewer than two images, and, as one
 * list, for files that are no images.
 */
export async function openImageFolder(
  root: string,
  options: Pick<UnlabeledOptions, 'signal'> = {},
): Promise<UnlabeledImages> {
  for (const name of META_NAMES) {
    if (await exists(join(root, name))) throw labeled(root, name);
  }
  if ((await isFolder(join(root, 'images'))) && (await isFolder(join(root, 'masks')))) {
    throw labeled(root, 'masks');
  }
  const folder = await openUnlabeled(root, options);
  if (folder.images.length < FEWEST) {
    throw new OtxError(
      'dataset',
      `${root} holds a single image (${folder.images[0]!.id}); learning from images alone needs at least ${FEWEST}`,
    );
  }
  return folder;
}

/** Masks taken for photographs would be learned from like any other image, without a word. */
function labeled(root: string, found: string): OtxError {
  return new OtxError(
    'dataset',
    `${root} is a data set with masks (${found} found); learning from images alone takes a folder of nothing but images, ` +
      `such as ${join(root, 'images')}`,
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
