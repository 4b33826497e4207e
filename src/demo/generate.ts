/** @file Writes a generated data set to disk, so that a newcomer has something to train on within seconds and offline. */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Chunk, writeAtomically } from '../base/atomic.js';
import { messageOf, OtxError } from '../base/errors.js';
import { makeFolder } from '../base/make-folder.js';
import { checkPlace } from '../base/outputs/outputs.js';
import { MOST_BYTES, readRegular } from '../base/read-file.js';
import { sweepTemporaries } from '../base/temporary-name.js';
import sharp from '../data/images/sharp.js';
import { defaultPalette } from '../data/masks/palette.js';
import type { GeneratedPicture, Look } from './look.js';
import { LOOKS, type LookName, lookOf } from './looks.js';

/** What is seen on how many pictures of which size; equal options give equal pictures. */
export interface SceneOptions {
  /**
   * `streets`: objects on the ground outdoors, in perspective. `cells`: cells under a microscope, with a rare class. `parts`: metal
   * parts on a conveyor, with three kinds of rare defects. Default `streets`.
   */
  readonly look?: LookName;
  /** Labelled training pictures; default 96. */
  readonly train?: number;
  /** Labelled validation pictures; default 24. */
  readonly val?: number;
  /** Pictures without masks for semi- and self-supervised training; default 0. */
  readonly unlabeled?: number;
  /** Pixels; default 320. */
  readonly width?: number;
  /** Pixels; default 256. */
  readonly height?: number;
  /** From 0; default 1. */
  readonly seed?: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Generates one picture of a street in memory. `key` names its random stream: equal keys and sizes give equal pictures. */
export function generateScene(key: string, width: number, height: number): GeneratedPicture {
  return LOOKS.streets.draw(key, width, height);
}

/**
 * Writes `root/train` and `root/val` in the Common Semantic Segmentation layout (`images/*.jpg`, single-channel index masks
 * `masks/*.png`, `dataset_meta.json`) and, if asked for, `root/unlabeled/*.jpg`.
 *
 * The folder must be new, empty, or made by this function with the same options; then only missing files are written, so
 * that an interrupted run is completed and nothing that exists is touched.
 * @throws OtxError `usage` for an unknown look or a number out of range; `output` for a folder with other content or one that
 * cannot be written; `aborted` by the signal.
 */
export async function generateScenes(root: string, options: SceneOptions = {}): Promise<void> {
  const {
    look: lookName = 'streets',
    train = 96,
    val = 24,
    unlabeled = 0,
    width = 320,
    height = 256,
    seed = 1,
    onProgress,
    signal,
  } = options;
  const look = lookOf(lookName);
  for (const [name, value, least] of [
    ['train', train, 1],
    ['val', val, 1],
    ['unlabeled', unlabeled, 0],
    ['width', width, 16],
    ['height', height, 16],
    ['seed', seed, 0],
  ] as const) {
    if (!Number.isInteger(value) || value < least) {
      throw new OtxError(
        'usage',
        `Option ${name} of the scene generator is ${value}, expected a whole number from ${least}.`,
      );
    }
  }
  const meta = describe(look, { train, val, unlabeled, width, height, seed });
  await claimFolder(root, meta, unlabeled > 0);
  const jobs = [
    ...numbered(look, 'train', train),
    ...numbered(look, 'val', val),
    ...numbered(look, 'unlabeled', unlabeled),
  ];
  for (const [done, { split, name }] of jobs.entries()) {
    if (signal?.aborted)
      throw new OtxError(
        'aborted',
        `Stopped after ${done} of ${jobs.length} pictures; run again to complete ${root}.`,
      );
    const bare = split === 'unlabeled';
    const imagePath = join(root, split, bare ? '' : 'images', `${name}.jpg`);
    const maskPath = bare ? undefined : join(root, split, 'masks', `${name}.png`);
    const missing = !(await exists(imagePath)) || (maskPath !== undefined && !(await exists(maskPath)));
    if (missing) {
      const { image, mask } = look.draw(`${seed}:${split}:${name}`, width, height);
      const raw = { width, height };
      if (!(await exists(imagePath))) {
        await writeNew(
          imagePath,
          await sharp(image, { raw: { ...raw, channels: 3 } })
            .jpeg({ quality: 92 })
            .toBuffer(),
        );
      }
      if (maskPath !== undefined && !(await exists(maskPath))) {
        const png = sharp(mask, { raw: { ...raw, channels: 1 } })
          .toColourspace('b-w')
          .png();
        await writeNew(maskPath, await png.toBuffer());
      }
    }
    onProgress?.(done + 1, jobs.length);
  }
}

/** Content of `dataset_meta.json`; `generator` and `options` mark the folder as ours. */
function describe({ classes, generator }: Look, options: Record<string, number>): string {
  const meta = {
    label_map: Object.fromEntries(classes.map((name, index) => [index, name])),
    segmentation_colors: defaultPalette(classes.length),
    generator,
    options,
  };
  return `${JSON.stringify(meta, null, 1)}\n`;
}

/** Makes the folders, or throws if `root` holds anything that this generator with these options did not write. */
async function claimFolder(root: string, meta: string, withUnlabeled: boolean): Promise<void> {
  await checkPlace(root);
  const marker = join(root, 'train', 'dataset_meta.json');
  const content = await readdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new OtxError(
      'output',
      `${root}: cannot be used as a folder (${messageOf(error)}); choose another one`,
      { cause: error },
    );
  });
  if (
    content.length > 0 &&
    (await readRegular(marker, MOST_BYTES.json).catch(() => '')).toString() !== meta
  ) {
    throw new OtxError(
      'output',
      `${root} is not empty and was not generated with these options: choose a new folder, existing files are never changed.`,
    );
  }
  // That a data set of ours holds nothing else is what its marker says.
  if (content.length > 0) await sweepTemporaries(root, { recursive: true });
  try {
    // The marker comes first, so that an interrupted run is recognised.
    await makeFolder(join(root, 'train'));
    if (!(await exists(marker))) await writeNew(marker, meta);
    for (const split of ['train', 'val']) {
      for (const folder of ['images', 'masks']) await makeFolder(join(root, split, folder));
    }
    const second = join(root, 'val', 'dataset_meta.json');
    if (!(await exists(second))) await writeNew(second, meta);
    if (withUnlabeled) await makeFolder(join(root, 'unlabeled'));
  } catch (error) {
    if (error instanceof OtxError) throw error;
    throw new OtxError('output', `${root}: cannot be created (${messageOf(error)}); choose another folder`, {
      cause: error,
    });
  }
}

/** What is missing is added; nothing is ever replaced. */
function writeNew(path: string, chunk: Chunk): Promise<void> {
  return writeAtomically(path, [chunk], { isNew: true });
}

function numbered({ pictureName }: Look, split: string, count: number): { split: string; name: string }[] {
  return Array.from({ length: count }, (_, index) => ({
    split,
    name: `${pictureName}-${String(index + 1).padStart(4, '0')}`,
  }));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
