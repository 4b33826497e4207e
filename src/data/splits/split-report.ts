/** @file The table that shows how one data set was divided: what each class has in both parts. */

import { printableLine } from '../../base/text.js';
import { classTable, type DatasetReport, percent, USUAL_COLUMNS } from '../datasets/report.js';

/** How one data set was divided into images to learn from and images to validate on. */
export interface SplitReport {
  /** Folder of the data set. */
  readonly root: string;
  /** Number of images of both parts. */
  readonly images: { readonly train: number; readonly validation: number };
  /** In the order of the class indices, what each part has: share of its pixels, and images that show the class. */
  readonly classes: readonly {
    readonly name: string;
    readonly train: { readonly share: number; readonly images: number };
    readonly validation: { readonly share: number; readonly images: number };
  }[];
}

/** Both parts, once they have been looked at. */
export function splitReport(train: DatasetReport, validation: DatasetReport): SplitReport {
  return {
    root: train.root,
    images: { train: train.images, validation: validation.images },
    classes: train.classes.map(({ name, share, images }, index) => {
      const other = validation.classes[index]!;
      return {
        name,
        train: { share, images },
        validation: { share: other.share, images: other.images },
      };
    }),
  };
}

/**
 * Lines of text, without a final line break: one row per class.
 *
 * @param columns into which rows fit by cutting names. Default 80.
 */
export function formatSplit({ root, images, classes }: SplitReport, columns = USUAL_COLUMNS): string {
  const remark = (train: number, validation: number) =>
    train === 0 && validation > 0 ? 'not learned' : validation === 0 && train > 0 ? 'not validated' : '';
  const rows = classes.map(({ name, train, validation }, index) => [
    ...[String(index), printableLine(name)],
    ...[percent(train.share), String(train.images)],
    ...[percent(validation.share), String(validation.images)],
    remark(train.images, validation.images),
  ]);
  const head = ['class', 'name', 'train', 'images', 'validation', 'images', ''];
  return [
    `division of ${root}: ${images.train} images to learn from, ${images.validation} to validate on`,
    ...classTable(head, rows, columns),
  ].join('\n');
}
