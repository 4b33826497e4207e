/**
 * @file From what a data set is like to the settings of a training: the defaults, except where the data or a measurement says
 * otherwise. The idea of a fingerprint from which rules make a plan that people can read and change is that of nnU-Net (Isensee
 * et al.: "nnU-Net: a self-configuring method for deep learning-based biomedical image segmentation", 2021).
 */

import type { Dataset, DatasetReport } from '../../data/index.js';
import { usualSize } from '../../inference/tiles/tile.js';
import { RARE } from '../../losses/class-weights.js';
import type { HyperParameters } from '../../settings/index.js';
import { INPUT_SIDES } from '../../training/prepare/input-size.js';
import type { MeasuredObjects } from './measure-objects.js';
import type { PlannedValue } from './plan.js';

/** Pixels of the network input along the side of what it can tell apart: it works on a quarter of its input's resolution. */
const LEAST_SIDE = 8;
/** Larger inputs take hours where others take minutes. */
const LARGEST_INPUT = 1024;
/** In both directions so many times as large as the input, images may be looked at in windows. */
const MUCH_LARGER = 2;
/** Usual windows, in pixels of the image. */
const WINDOW_SIDES = [512, 768, 1024, 1536, 2048, 3072, 4096];
/** Images that a class needs so that both parts of a division show it more than once. */
const FEW_IMAGES = 5;

/** What is known of the data. */
export interface PlannedData {
  readonly trainSet: Dataset;
  readonly report: DatasetReport;
  readonly objects: MeasuredObjects;
  /** Side of the network input that the recipe chooses for images of this size, in pixels. */
  readonly usualSide: number;
}

/** A value with its reason, of a setting. */
export interface Choice<T> {
  readonly value: T;
  readonly reason: string;
}

/** Side of the input that windows are resized to. */
const WINDOW_INPUT = 512;

/** Classes whose small objects would be lost at some size of the input, the smallest first. */
export function tooSmall(
  { report, objects }: Pick<PlannedData, 'report' | 'objects'>,
  side: number,
): { readonly name: string; readonly pixels: number }[] {
  return objects.classes
    .flatMap(({ smallSide }, index) =>
      index > 0 && smallSide * side < LEAST_SIDE
        ? [{ name: report.classes[index]!.name, pixels: smallSide * side }]
        : [],
    )
    .sort((a, b) => a.pixels - b.pixels);
}

/** The smallest usual input that shows the objects, and no larger than the images. */
export function chooseInput(data: PlannedData): Choice<string> {
  const { usualSide: start, trainSet } = data;
  const { width, height } = usualSize(trainSet.samples);
  const typical = `the typical image has ${width}x${height}`;
  const missed = tooSmall(data, start)[0];
  const sides = INPUT_SIDES.filter((side) => side > start && side <= LARGEST_INPUT);
  const most = Math.sqrt(width * height);
  // One step beyond the images may be needed where they lie between two usual sizes.
  const possible = sides.filter((side, i) => side <= most || (sides[i - 1] ?? start) < most);
  if (!missed || possible.length === 0) {
    const reason = `${typical}, for which this is the usual input.${objectsAt(data, start)}`;
    return { value: `${start}x${start}`, reason };
  }
  const side = possible.find((each) => tooSmall(data, each).length === 0) ?? possible.at(-1)!;
  const times = (side / start) ** 2;
  return {
    value: `${side}x${side}`,
    reason:
      `${typical}; at ${start}x${start} a quarter of the pixels of ${missed.name} would lie in regions of less than ` +
      `${tell(missed.pixels)} pixels along their side, and the network needs about ${LEAST_SIDE}. A step takes ${tell(times)} times ` +
      `as long.${objectsAt(data, side)}`,
  };
}

/** Windows of images, and the input that they are resized to. */
export interface WindowChoice {
  readonly input: Choice<string>;
  readonly tile: Choice<string>;
}

/**
 * Windows of images in which objects would be lost at any usual input; undefined where none would, or where the images are not much
 * larger than the input.
 *
 * @param side of the input that was chosen for whole images.
 */
export function chooseWindows(data: PlannedData, side: number): WindowChoice | undefined {
  const missed = tooSmall(data, side)[0];
  const { width, height } = usualSize(data.trainSet.samples);
  if (!missed || Math.min(width, height) < MUCH_LARGER * WINDOW_INPUT) return undefined;
  const whole = (missed.pixels / side) * Math.sqrt(width * height);
  const shown = (tile: number) => (whole * WINDOW_INPUT) / tile;
  const tile =
    WINDOW_SIDES.findLast((each) => shown(each) >= 2 * LEAST_SIDE && each < Math.min(width, height)) ??
    WINDOW_INPUT;
  const reason =
    `the images have ${width}x${height}; as a whole, even at ${side}x${side}, a quarter of the pixels of ${missed.name} would lie in ` +
    `regions of less than ${tell(missed.pixels)} pixels along their side. In windows of ${tile}x${tile} these are ${tell(shown(tile))}`;
  return {
    tile: { value: `${tile}x${tile}`, reason },
    input: {
      value: `${WINDOW_INPUT}x${WINDOW_INPUT}`,
      reason: `the default, to which the windows of ${tile}x${tile} are resized`,
    },
  };
}

/** What the class with the smallest objects has at an input. */
function objectsAt({ report, objects }: PlannedData, side: number): string {
  const [smallest] = objects.classes
    .flatMap(({ smallSide }, index) =>
      index > 0 && !Number.isNaN(smallSide)
        ? [{ name: report.classes[index]!.name, pixels: smallSide * side }]
        : [],
    )
    .sort((a, b) => a.pixels - b.pixels);
  if (!smallest) return '';
  return ` Smallest there: ${smallest.name}, with regions of ${tell(smallest.pixels)} pixels along their side`;
}

/** Weights where a class hardly counts in a mean over all pixels; undefined where none does. */
export function chooseWeights({ report }: Pick<PlannedData, 'report'>): Choice<string> | undefined {
  const rare = rareClasses(report);
  if (rare.length === 0) return undefined;
  const told = rare.map(({ name, share }) => `${name} (${(100 * share).toFixed(2)} %)`).join(', ');
  return {
    value: 'auto',
    reason:
      `of the pixels few are of ${told}; this weighs them mildly. balanced weighs them as much as all others, and rare_crop_share: 0.5 ` +
      'crops half of the images around what is rare (docs/rare-classes.md)',
  };
}

/** Classes that occur, with less of the pixels than those that weights are made for. */
export const rareClasses = ({ classes }: Pick<DatasetReport, 'classes'>) =>
  classes.filter(({ share, pixels }) => pixels > 0 && share < RARE);

/** How to validate where the data has nothing of its own for it. */
export function chooseValidation({ report }: Pick<PlannedData, 'report'>): Choice<number> {
  const value = 0.2;
  const images = Math.max(Math.round(value * report.images), 1);
  const few = report.classes.filter(({ images: shown }) => shown > 0 && shown < FEW_IMAGES);
  const rare = few.map(({ name, images: shown }) => `${name} (${shown})`).join(', ');
  return {
    value,
    reason:
      `a fifth, ${images} of ${report.images} images, chosen so that classes are spread alike and alike images stay together` +
      (few.length > 0
        ? `. Scores of classes that few images show will vary: ${rare}; folds: 5 instead, with fold: 1 to 5, tells by how much`
        : ''),
  };
}

/** Two digits that count, without a fraction from 10 on. */
const tell = (value: number): string => (value < 9.95 ? value.toFixed(1) : value.toFixed(0));

/**
 * A batch that was chosen, beside the usual one.
 *
 * @param isPlanned whether it has been seen that it fits the memory.
 */
export function explainBatch(
  chosen: HyperParameters,
  usual: HyperParameters,
  images: number,
  isPlanned: boolean,
): PlannedValue[] {
  const batch = chosen.learning_parameters.batch_size;
  const before = usual.learning_parameters.batch_size;
  const largest = Math.min(before, images);
  if (batch === before) {
    return [
      {
        name: 'batchSize',
        value: batch,
        reason: isPlanned ? 'the default, which fits the memory of this machine' : 'the default',
      },
    ];
  }
  if (batch === largest) {
    return [
      { name: 'batchSize', value: batch, reason: `all training images, which are fewer than ${before}` },
    ];
  }
  return [
    {
      name: 'batchSize',
      value: batch,
      reason: `what fits the memory of this machine, instead of ${largest}`,
    },
    {
      name: 'learningRate',
      value: Number(chosen.learning_parameters.learning_rate.toPrecision(3)),
      reason: `${usual.learning_parameters.learning_rate} for a batch of ${before}, lowered by the root of its change`,
    },
  ];
}
