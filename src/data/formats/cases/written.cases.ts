/** @file The generated data set in the layouts that `convert` does not write. */

import { writeFiles } from '../../datasets/fixtures.cases.js';
import { openDataset } from '../../datasets/open-dataset.js';
import type { Dataset } from '../../types.js';
import type { SubsetRole } from '../subsets.js';
import { WRITERS } from '../write/writers.js';
import { BENCHMARK_CASES } from './benchmarks.cases.js';
import { colorMaskOf, maskOf, partsOf, writeAll } from './files.cases.js';
import { type Generated, NAMES, writeCommon } from './generated.cases.js';
import { SHAPE_CASES } from './shapes.cases.js';

/** A layout of a format, and how it is written. */
export interface WrittenCase {
  readonly title: string;
  /** Of the format that is found. */
  readonly format: string;
  /** Whether it can say that pixels are ignored. */
  readonly hasIgnored: boolean;
  /** Names of the subsets, `train` and `val` as this layout names them; none where each is a folder of its own. */
  readonly subsets: readonly string[];
  /** Names of the classes where the layout has none. */
  readonly classes?: readonly string[];
  /** Where classes of a benchmark stand for those of the generated data set: the label of each. */
  readonly only?: Readonly<Record<number, number>>;
  /** What the two parts serve for. Default: to learn from, and to validate on. */
  readonly roles?: readonly [SubsetRole, SubsetRole];
  write(generated: Generated, root: string): Promise<void>;
}

const VALUE_NAMES = ['background', 'class 1', 'class 2'];

/** What the program writes itself. */
const own: readonly WrittenCase[] = WRITERS.map((writer) => ({
  title: `${writer.title}, as convert writes it`,
  format: writer.name,
  hasIgnored: true,
  subsets: ['train', 'val'],
  async write(generated, root) {
    const common = await writeCommon(generated);
    const parts = await Promise.all(
      ['train', 'val'].map(
        async (name): Promise<[string, Dataset]> => [name, await openDataset(`${common}/${name}`)],
      ),
    );
    await writer.write(
      {
        classes: parts[0]![1].classes,
        subsets: parts.map(([name, { samples, decodeMask }]) => ({ name, samples, coding: decodeMask })),
      },
      (path, content) => writeFiles(root, { [path]: content }),
    );
  },
}));

const folders: readonly WrittenCase[] = [
  {
    title: 'Common, with one meta file above its subsets',
    format: 'css',
    hasIgnored: true,
    subsets: ['train', 'val'],
    async write(generated, root) {
      await writeFiles(root, { 'dataset_meta.json': { labels: NAMES } });
      await writeAll(generated, root, (picture, part) => ({
        [`${part}/images/${picture.id}.png`]: picture.image,
        [`${part}/masks/${picture.id}.png`]: maskOf(picture),
      }));
    },
  },
  {
    title: 'two folders with folders for subsets',
    format: 'folders',
    hasIgnored: true,
    subsets: ['training', 'validation'],
    classes: VALUE_NAMES,
    write: (generated, root) =>
      writeAll(generated, root, (picture, part) => ({
        [`imgs/${part === 'train' ? 'training' : 'validation'}/${picture.id}.png`]: picture.image,
        [`labels/${part === 'train' ? 'training' : 'validation'}/${picture.id}.png`]: maskOf(picture),
      })),
  },
  {
    title: 'folders for subsets with two folders each',
    format: 'folders',
    hasIgnored: true,
    subsets: ['train', 'val'],
    classes: VALUE_NAMES,
    write: (generated, root) =>
      writeAll(generated, root, (picture, part) => ({
        [`${part}/images/${picture.id}.png`]: picture.image,
        [`${part}/masks/${picture.id}_mask.png`]: maskOf(picture),
      })),
  },
  {
    title: 'masks beside their images',
    format: 'folders',
    hasIgnored: false,
    subsets: ['train', 'val'],
    classes: ['background', 'colour 0 200 0', 'colour 200 0 0'],
    write: (generated, root) =>
      writeAll(generated, root, async (picture, part) => ({
        [`${part}/${picture.id}.png`]: picture.image,
        [`${part}/${picture.id}_seg.png`]: await colorMaskOf(
          picture,
          (label) =>
            [
              [0, 0, 0],
              [0, 200, 0],
              [200, 0, 0],
            ][label]!,
        ),
      })),
  },
];

const voc: readonly WrittenCase[] = [
  {
    title: 'labelme2voc',
    format: 'voc',
    hasIgnored: true,
    subsets: [],
    async write(generated, root) {
      for (const [part, pictures] of partsOf(generated)) {
        for (const picture of pictures) {
          await writeFiles(root, {
            [`${part}/JPEGImages/${picture.id}.png`]: picture.image,
            [`${part}/SegmentationClass/${picture.id}.npy`]: 'an array',
            [`${part}/SegmentationClassPNG/${picture.id}.png`]: maskOf(picture),
            [`${part}/SegmentationClassVisualization/${picture.id}.jpg`]: 'a picture',
            [`${part}/class_names.txt`]: '_background_\ncar\ntree',
          });
        }
      }
    },
  },
  {
    title: 'CVAT, segmentation mask 1.1',
    format: 'voc',
    hasIgnored: false,
    subsets: ['Train', 'Validation'],
    async write(generated, root) {
      const colors = [
        [0, 0, 0],
        [250, 50, 83],
        [36, 179, 83],
      ];
      const nameOf = (part: string) => (part === 'train' ? 'Train' : 'Validation');
      await writeAll(generated, root, async (picture) => ({
        [`JPEGImages/${picture.id}.png`]: picture.image,
        [`SegmentationClass/${picture.id}.png`]: await colorMaskOf(picture, (label) => colors[label]!),
        [`SegmentationObject/${picture.id}.png`]: maskOf(picture),
      }));
      for (const [part, pictures] of partsOf(generated)) {
        await writeFiles(root, {
          [`ImageSets/Segmentation/${nameOf(part)}.txt`]: pictures.map(({ id }) => `${id}\n`).join(''),
        });
      }
      const lines = NAMES.map((name, label) => `${name}:${colors[label]!.join(',')}::`);
      await writeFiles(root, { 'labelmap.txt': ['# label:color_rgb:parts:actions', ...lines].join('\n') });
    },
  },
];

export const CASES: readonly WrittenCase[] = [...own, ...folders, ...voc, ...SHAPE_CASES, ...BENCHMARK_CASES];
