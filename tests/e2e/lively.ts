/** @file Models that see something in every picture without having been trained. */
import { writeFile } from 'node:fs/promises';
import { Random } from '../../src/base/random.js';
import { createSegmenter } from '../../src/index.js';
import { checkpointOf, encodeCheckpoint, loadCheckpoint } from '../../src/runs/checkpoint.js';

/** Spread of a class's logits over an image: neither too sure nor all alike. */
const LIVELY = 1.5;

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
