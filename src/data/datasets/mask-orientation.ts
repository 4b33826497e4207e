/** @file Annotations that were drawn on the stored pixels of images which EXIF data turns: finding out, and turning them. */
import { OtxError, option } from '../../base/errors.js';
import { readImageSize, readOrientation } from '../images/decoder.js';
import { mapConcurrent } from '../loaders/concurrent.js';
import { type EdgeFit, orientationOf } from '../readings/edge-fit.js';
import { READINGS, type ReadingName } from '../readings/names.js';
import type { Dataset, Sample } from '../types.js';

const AT_ONCE = 8;

type Laid = 'masks-raw' | 'masks-upright';
const isLaid = (name: ReadingName): name is Laid => name === 'masks-raw' || name === 'masks-upright';

/** Which of the readings says how annotations lie. */
export const laidBy = (readings: readonly ReadingName[] | undefined): Laid | undefined =>
  readings?.find(isLaid);

/** The data set as somebody asked for: its masks are turned as their images are, or stay. */
export async function layingMasks(
  dataset: Dataset,
  assumed: readonly ReadingName[],
  signal: AbortSignal | undefined,
): Promise<Dataset> {
  const laid = laidBy(assumed);
  if (laid === undefined) return dataset;
  const decided = { ...dataset, readings: [...(dataset.readings ?? []), laid] };
  return laid === 'masks-raw' ? turning(decided, turnOf, signal) : decided;
}

/** The same as data that this belongs to was read, where nobody asked for anything, and masks have the size for it. */
export async function layingAlike(
  dataset: Dataset,
  preferred: readonly ReadingName[] | undefined,
  signal: AbortSignal | undefined,
): Promise<Dataset> {
  if (laidBy(dataset.readings) !== undefined || laidBy(preferred) !== 'masks-raw') return dataset;
  const turnThatFits = async (sample: Sample) => {
    const turn = await turnOf(sample);
    if (turn < 5 || sample.shapes) return turn;
    const mask = await readImageSize(sample.maskPath).catch(() => undefined);
    return mask && mask.width === sample.width && mask.height !== mask.width ? 1 : turn;
  };
  return turning(dataset, turnThatFits, signal);
}

async function turning(
  dataset: Dataset,
  turnOfSample: (sample: Sample) => Promise<number>,
  signal: AbortSignal | undefined,
): Promise<Dataset> {
  const turns = await mapConcurrent(dataset.samples, AT_ONCE, turnOfSample, { signal });
  const samples = dataset.samples.map((sample, i) => {
    const turn = turns[i]!;
    return turn > 1 ? { ...sample, maskTurn: turn } : sample;
  });
  return { ...dataset, samples };
}

/** EXIF orientation of an image whose annotation has none of its own. */
async function turnOf({ imagePath, maskPath, shapes, pixels }: Sample): Promise<number> {
  if (pixels) return 1;
  const [image, mask] = await Promise.all([
    readOrientation(imagePath),
    shapes ? 1 : readOrientation(maskPath),
  ]);
  return mask === 1 ? image : 1;
}

/**
 * What is to be said of images that are turned by their EXIF data while their annotations say nothing of that.
 *
 * @param edges how well each annotation fits in both ways; undefined where that is no question.
 * @param preferred how data was read that this belongs to.
 * @returns notices.
 * @throws OtxError `dataset` where the annotations clearly fit in the way that is not followed, unless somebody asked for it.
 */
export function checkOrientation(
  { root, readings, samples }: Dataset,
  edges: readonly (EdgeFit | undefined)[],
  preferred: readonly ReadingName[] | undefined,
  isBadAnyway: boolean,
): string[] {
  const { images, leaning, upright, turned } = orientationOf(edges);
  const turns = samples.filter(({ maskTurn }) => maskTurn !== undefined).length;
  const followed = laidBy(readings) ?? laidBy(preferred) ?? 'masks-upright';
  const isDoubtful = laidBy(readings) === undefined && leaning !== undefined && leaning !== followed;
  const what = `${images} of its ${samples.length} images are turned by their EXIF data, and their masks say nothing of that`;
  if (images > 0 && isDoubtful && !isBadAnyway) {
    const better = leaning === 'masks-raw' ? 'as these are stored' : 'upright';
    const contrast = (value: number) =>
      `borders of masks meet a contrast of ${value.toFixed(1)} in the images`;
    throw new OtxError(
      'dataset',
      `${root}: ${what}; they fit the images better ${better}; choose one\n` +
        `  ${option('assume')} masks-raw: ${READINGS['masks-raw']}: ${contrast(turned)}\n` +
        `  ${option('assume')} masks-upright: ${READINGS['masks-upright']}: ${contrast(upright)}`,
    );
  }
  if (turns > 0)
    return [`${turns} of its ${samples.length} masks are turned as the EXIF data of their images says`];
  return images === 0
    ? []
    : [`${what}; they are laid on the upright images (--assume masks-raw turns them as well)`];
}
