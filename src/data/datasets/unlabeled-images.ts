/** @file Opens images without masks: a folder in any nesting, or what a list file names. */
import { stat } from 'node:fs/promises';
import { dirname, extname, isAbsolute, join, relative, sep } from 'node:path';
import { abortable } from '../../base/abortable.js';
import { messageOf, OtxError } from '../../base/errors.js';
import { type FileKind, MOST_BYTES, readTextOf } from '../../base/read-file.js';
import { readImageSize } from '../images/decoder.js';
import { findImages, isFolder } from '../images/image-files.js';
import { maskFiles } from '../images/mask-files.js';
import { mapConcurrent } from '../loaders/concurrent.js';
import { acquirePool, DEFAULT_WORKERS, letGo } from '../loaders/pool.js';
import type { UnlabeledImage, UnlabeledImages } from '../types.js';
import { datasetError, listSome } from './problems.js';
import { checkMasks } from './settle-unlabeled.js';
import type { VerifyOptions } from './verify.js';

const LIST_KIND: FileKind = {
  code: 'dataset',
  expected: 'a list of unlabeled images, one path a line',
  maxBytes: MOST_BYTES.list,
};
const HEADERS_AT_ONCE = 8;
/** What a list file may name. */
const LISTED_EXTENSIONS = ['.jpg', '.jpeg', '.png'];

/** Which images are opened. */
export interface UnlabeledOptions {
  /**
   * Text file with one image per line, a path relative to the root with extension jpg, jpeg or png: only these are used.
   * Empty lines do not count, nor does an image that is named again.
   */
  readonly fileList?: string | undefined;
  /** Stops it. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the unlabeled images below `root`, headers only. `root` may also be a list file; its paths are then relative to
 * the folder in which it lies.
 *
 * @throws OtxError `dataset` when the folder is missing or holds no image, for a list that names other kinds of files,
 * and, as one list, for files that are missing or no images; `aborted` when the signal fires.
 */
export async function openUnlabeled(root: string, options: UnlabeledOptions = {}): Promise<UnlabeledImages> {
  const list = options.fileList ?? ((await isFile(root)) ? root : undefined);
  if (list === root && LISTED_EXTENSIONS.includes(extname(root).toLowerCase())) {
    throw new OtxError(
      'dataset',
      `${root} is an image; expected a folder of unlabeled images, or a text file that lists them`,
    );
  }
  const folder = list === root ? dirname(root) : root;
  if (!(await isFolder(folder))) {
    const reason = (await isFile(folder)) ? 'is not a folder' : 'does not exist';
    throw new OtxError(
      'dataset',
      `folder of unlabeled images ${folder} ${reason}; expected a folder of images`,
    );
  }
  const files = list === undefined ? await allImages(folder) : await listedImages(list, folder);
  const unreadable: string[] = [];
  const readSize = async ({ id, imagePath }: ImagePath) => {
    try {
      return { id, imagePath, ...(await readImageSize(imagePath)) };
    } catch (error) {
      unreadable.push(messageOf(error));
      return { id, imagePath, width: 0, height: 0 };
    }
  };
  const images = await mapConcurrent(files, HEADERS_AT_ONCE, readSize, { signal: options.signal });
  if (unreadable.length > 0) throw datasetError(folder, unreadable.sort(), 'Replace or remove the files');
  return { root: folder, images };
}

/**
 * Decodes every image in full.
 * @returns sentences on files that could be decoded around a defect.
 * @throws OtxError `dataset` once for all files that are truncated or unreadable, and where most are masks; `aborted` when the signal fires.
 */
export async function verifyUnlabeled(
  unlabeled: UnlabeledImages,
  { workers = DEFAULT_WORKERS, onProgress, signal }: VerifyOptions = {},
): Promise<readonly string[]> {
  const { root, images, reading } = unlabeled;
  const pool = acquirePool(workers);
  let done = 0;
  try {
    const results = await mapConcurrent(images, Math.max(2 * pool.workers, 1), async ({ imagePath }) => {
      const result = await abortable(
        pool.run('verifyImage', { imagePath, reading }),
        signal,
        'checking the unlabeled images',
      );
      onProgress?.(++done, images.length);
      return result;
    });
    const problems = results.flatMap(({ problem }) => problem ?? []);
    if (problems.length > 0) throw datasetError(root, problems, 'Mend, replace or remove the files');
    return [...checkMasks(unlabeled, results), ...results.flatMap(({ warning }) => warning ?? [])];
  } finally {
    await letGo(pool, signal);
  }
}

type ImagePath = Pick<UnlabeledImage, 'id' | 'imagePath'>;

async function allImages(folder: string): Promise<ImagePath[]> {
  const files = await findImages(folder);
  if (files.length === 0) {
    throw new OtxError('dataset', `folder of unlabeled images ${folder} holds no images, at any depth`);
  }
  const masks = [...maskFiles(files)];
  if (masks.length > 0) {
    throw new OtxError(
      'dataset',
      `${folder}: ${masks.length} of its ${files.length} pictures are masks of others by their names ` +
        `(${listSome(masks.map(({ relative }) => relative))}), which would be learned from like photographs; give a folder of ` +
        'the images alone, or a list of them',
    );
  }
  return files.map(({ path, relative: id }) => ({ id, imagePath: path }));
}

/**
 * The reference compares names up to their first dot, so that a leading "./" or a dot inside a name makes an entry match
 * nothing, and drops in silence what matches nothing. Here the whole path counts, and what is missing is an error.
 */
async function listedImages(list: string, folder: string): Promise<ImagePath[]> {
  const lines = await readLines(list);
  if (lines.length === 0) throw new OtxError('dataset', `list of unlabeled images ${list} is empty`);
  const found = new Map<string, ImagePath>();
  const problems: string[] = [];
  for (const { text, number } of lines) {
    const extension = extname(text);
    if (!LISTED_EXTENSIONS.includes(extension.toLowerCase())) {
      const ending = extension === '' ? 'no extension' : `the extension ${extension}`;
      const expected = LISTED_EXTENSIONS.join(', ');
      problems.push(`${list}, line ${number}: ${text} has ${ending}; expected one of ${expected}`);
      continue;
    }
    const imagePath = isAbsolute(text) ? text : join(folder, text);
    const id = relative(folder, imagePath).split(sep).join('/');
    if (found.has(id)) continue;
    if (await isFile(imagePath)) found.set(id, { id, imagePath });
    else problems.push(`${imagePath} (line ${number}) is no file`);
  }
  if (problems.length > 0) {
    throw datasetError(list, problems, `Paths are relative to ${folder}; mend or remove the lines`);
  }
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function readLines(list: string): Promise<{ text: string; number: number }[]> {
  const content = await readTextOf(list, LIST_KIND);
  return content
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line, i) => ({ text: line.trim(), number: i + 1 }))
    .filter(({ text }) => text !== '');
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (facts) => facts.isFile(),
    () => false,
  );
}
