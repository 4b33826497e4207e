/** @file Labels that are missing, fill the picture, or have the traces of a slip or of interpolation. */

import { quantile } from '../../base/quantile.js';
import { IGNORE_INDEX } from '../../data/types.js';
import { fewOf } from './few.js';
import type { Examined, ExaminedImage, FindingKind, Found } from './finding.js';

/** Part of an image that may be of another class where all of it is of one. */
const WHOLLY = 0.999;
/** Part of an image that is ignored where nearly nothing is left. */
const NEARLY = 0.95;
/** How much more than nine in ten images have, and how much at least, to be named. */
const MORE_SPECKS = 5;
const FEWEST_SPECKS = 3;
const MORE_BLENDED = 4;
const LEAST_BLENDED = 0.08;
/** Changes of label that there must be to speak of a share of them. */
const FEWEST_STEPS = 20;

export function findOddLabels({ images, classes }: Examined): Found[] {
  return [
    ...few(images, 'unlabeled', 'nothing but background', isUnlabeled),
    ...few(images, 'ignored', 'ignored nearly everywhere', (image) => shareOf(image, IGNORE_INDEX) >= NEARLY),
    ...classes.flatMap(({ name }, index) =>
      index === 0
        ? []
        : few(images, 'flooded', `${name} everywhere`, (image) => shareOf(image, index) >= WHOLLY),
    ),
    ...specks(images),
    ...blended(images),
  ];
}

const areaOf = ({ sample: { width, height } }: ExaminedImage): number => width * height;

const shareOf = (image: ExaminedImage, label: number): number =>
  image.measures.pixels[label]! / areaOf(image);

const isUnlabeled = (image: ExaminedImage): boolean => {
  const { pixels } = image.measures;
  return shareOf(image, IGNORE_INDEX) < NEARLY && pixels[0]! + pixels[IGNORE_INDEX]! === areaOf(image);
};

/** One finding an image where few are so; where many are, it is what the data is like. */
function few(
  images: readonly ExaminedImage[],
  kind: FindingKind,
  message: string,
  isSo: (image: ExaminedImage) => boolean,
): Found[] {
  return fewOf(images, isSo).map((image) => ({ kind, message, images: [image] }));
}

function specks(images: readonly ExaminedImage[]): Found[] {
  const usual = quantile(
    images.map(({ measures }) => measures.specks),
    0.9,
  );
  const most = Math.max(MORE_SPECKS * usual, FEWEST_SPECKS - 1);
  return images.flatMap((image): Found[] => {
    const { specks: count } = image.measures;
    return count > most
      ? [
          {
            kind: 'specks',
            message: `${count} specks, where most images have ${usual} at most`,
            images: [image],
          },
        ]
      : [];
  });
}

function blended(images: readonly ExaminedImage[]): Found[] {
  const share = ({ measures: { steps, inBetween } }: ExaminedImage) =>
    steps < FEWEST_STEPS ? 0 : inBetween / steps;
  const shares = images.map(share);
  const isUsual = quantile(shares, 0.5) > LEAST_BLENDED;
  const most = isUsual ? LEAST_BLENDED : Math.max(MORE_BLENDED * quantile(shares, 0.9), LEAST_BLENDED);
  const odd = images.filter((image) => share(image) > most);
  const told = (image: ExaminedImage) =>
    `${(100 * share(image)).toFixed(0)} % of the changes from label to label`;
  if (isUsual) {
    const [worst] = [...odd].sort((a, b) => share(b) - share(a));
    return [
      {
        kind: 'blended',
        message: `${odd.length} of ${images.length} images, up to ${told(worst!)}`,
        images: odd,
      },
    ];
  }
  return odd.map((image) => ({ kind: 'blended', message: told(image), images: [image] }));
}
