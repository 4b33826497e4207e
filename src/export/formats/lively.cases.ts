/** @file Trained models for tests of what is exported from them: made of nothing, but sensitive to what they are shown. */

import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Random } from '../../base/random.js';
import { openDataset } from '../../data/index.js';
import { generateScenes } from '../../demo/generate.js';
import { untrainedCheckpoint } from '../../demo/untrained.js';
import { createSegmenter } from '../../inference/segmenter.js';
import { checkpointOf, encodeCheckpoint, loadCheckpoint } from '../../runs/checkpoint.js';
import type { SettingOptions } from '../../settings/index.js';

/** Spread of a class's logits over an image: neither too sure nor all alike. */
const LIVELY = 1.5;

/** Generated scenes with their masks. */
export interface Scenes {
  /** Root of a data set. */
  readonly testData: string;
  /** Paths of its images. */
  readonly images: readonly string[];
}

export async function scenesIn(folder: string, size: { width: number; height: number }): Promise<Scenes> {
  await generateScenes(folder, { train: 1, val: 2, ...size });
  const testData = join(folder, 'val');
  const images = join(testData, 'images');
  return { testData, images: (await readdir(images)).map((name) => join(images, name)) };
}

/** Writes a checkpoint of a template that sees all classes of the scenes on them. */
export async function livelyCheckpoint(
  path: string,
  template: string,
  { testData, images }: Scenes,
  settings: SettingOptions,
): Promise<void> {
  const { classes } = await openDataset(testData);
  await writeFile(path, untrainedCheckpoint({ template, classes, seed: 1, settings }));
  await enliven(path, images[0]!);
}

/**
 * An untrained network sees one class everywhere. Makes it sensitive to what it is shown, and its classes about as frequent as
 * one another on an image.
 */
export async function enliven(weights: string, image: string): Promise<void> {
  const { info, tensors } = await loadCheckpoint(weights);
  const valuesOf = (ending: string) =>
    [...tensors].filter(([key]) => key.endsWith(ending)).map(([, { data }]) => data as Float32Array);
  const save = () => writeFile(weights, encodeCheckpoint(checkpointOf(info, tensors)));
  const random = new Random('last layer');
  for (const last of valuesOf('conv_seg.weight')) {
    last.set(last.map(() => 0.1 * random.normal()));
  }
  await save();

  const segmenter = await createSegmenter({ weights, threads: 1 });
  const { probabilities, labels, classes } = await segmenter.segment(image, { probabilities: true });
  await segmenter.dispose();
  const planes = classes.map((_, k) =>
    probabilities!.subarray(k * labels.length, (k + 1) * labels.length).map(Math.log),
  );
  const meanOf = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const means = planes.map(meanOf);
  const spread = Math.sqrt(
    meanOf(Float32Array.from(planes, (plane, k) => meanOf(plane.map((v) => (v - means[k]!) ** 2)))),
  );
  const factor = LIVELY / spread;
  for (const last of valuesOf('conv_seg.weight')) last.set(last.map((value) => value * factor));
  for (const bias of valuesOf('conv_seg.bias')) bias.set(means.map((mean) => -mean * factor));
  await save();
}
