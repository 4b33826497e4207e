/** @file The generated data set in the layouts of benchmarks and contests. */
import { deflateSync } from 'node:zlib';
import { indexMask, writeFiles } from '../../datasets/fixtures.cases.js';
import { colorMaskOf, maskOf, writeAll } from './files.cases.js';
import { cornersOf, type Generated, type GeneratedPicture, NAMES, rowsOf } from './generated.cases.js';
import type { WrittenCase } from './written.cases.js';

const partsOf = (generated: Generated) => Object.entries(generated) as [string, GeneratedPicture[]][];
const both = ['train', 'val'];
const folderOf = (part: string) => (part === 'train' ? 'training' : 'validation');

/** Labels 1 and 2 as car and tree are not in these; they stand for two classes of each. */
const CITY = { ids: [0, 26, 21], trainIds: [255, 13, 8], names: ['', 'car', 'vegetation'] };

const cityscapes: readonly WrittenCase[] = [
  {
    title: 'Cityscapes with label ids',
    format: 'cityscapes',
    hasIgnored: true,
    subsets: both,
    only: { 0: 255, 1: 14, 2: 9 },
    write: (generated, root) =>
      writeAll(generated, root, (picture, part) => ({
        [`leftImg8bit/${part}/aachen/${picture.id}_leftImg8bit.png`]: picture.image,
        [`gtFine/${part}/aachen/${picture.id}_gtFine_labelIds.png`]: maskOf(
          picture,
          (label) => CITY.ids[label] ?? 0,
        ),
        [`gtFine/${part}/aachen/${picture.id}_gtFine_color.png`]: maskOf(picture),
      })),
  },
  {
    title: 'Cityscapes with training ids',
    format: 'cityscapes',
    hasIgnored: true,
    subsets: both,
    only: { 0: 255, 1: 14, 2: 9 },
    write: (generated, root) =>
      writeAll(generated, root, (picture, part) => ({
        [`leftImg8bit/${part}/aachen/${picture.id}_leftImg8bit.png`]: picture.image,
        [`gtFine/${part}/aachen/${picture.id}_gtFine_labelIds.png`]: maskOf(picture, () => 0),
        [`gtFine/${part}/aachen/${picture.id}_gtFine_labelTrainIds.png`]: maskOf(
          picture,
          (label) => CITY.trainIds[label] ?? 255,
        ),
      })),
  },
  {
    title: 'Cityscapes with polygons',
    format: 'cityscapes',
    hasIgnored: false,
    subsets: both,
    only: { 0: 255, 1: 14, 2: 9 },
    write: (generated, root) =>
      writeAll(generated, root, (picture, part) => ({
        [`leftImg8bit/${part}/aachen/${picture.id}_leftImg8bit.png`]: picture.image,
        [`gtFine/${part}/aachen/${picture.id}_gtFine_polygons.json`]: {
          imgHeight: picture.height,
          imgWidth: picture.width,
          objects: [
            {
              label: 'out of roi',
              polygon: [
                [0, 0],
                [99, 0],
                [99, 99],
                [0, 99],
              ],
            },
            ...rowsOf(picture).map((row, i) => ({
              label: `${CITY.names[row.value]}${i % 2 === 0 && row.value === 1 ? 'group' : ''}`,
              polygon: cornersOf(row),
            })),
          ],
        },
      })),
  },
];

const kitti: WrittenCase = {
  title: 'KITTI semantic',
  format: 'kitti',
  hasIgnored: true,
  subsets: [],
  only: { 0: 255, 1: 14, 2: 9 },
  write: (generated, root) =>
    writeAll(generated, root, (picture, part) => ({
      [`${part}/training/image_2/${picture.id}.png`]: picture.image,
      [`${part}/training/semantic/${picture.id}.png`]: maskOf(picture, (label) => CITY.ids[label] ?? 0),
      [`${part}/testing/image_2/other.png`]: picture.image,
    })),
};

const ade: readonly WrittenCase[] = [
  {
    title: 'ADE20K of 2016',
    format: 'ade20k',
    hasIgnored: false,
    subsets: ['training', 'validation'],
    only: { 0: 255, 1: 21, 2: 5 },
    write: (generated, root) =>
      writeAll(generated, root, (picture, part) => ({
        'objectInfo150.txt': 'Idx\tRatio\tTrain\tVal\tStuff\tName\n',
        [`images/${folderOf(part)}/${picture.id}.png`]: picture.image,
        [`annotations/${folderOf(part)}/${picture.id}.png`]: maskOf(picture, (label) => [0, 21, 5][label]!),
      })),
  },
  {
    title: 'ADE20K of 2021',
    format: 'ade20k-full',
    hasIgnored: false,
    subsets: ['training', 'validation'],
    write: (generated, root) =>
      writeAll(generated, root, async (picture, part) => {
        const place = `images/ADE/${folderOf(part)}/urban/street/${picture.id}`;
        const object = (name: string, name_ndx: number, part_level = 0) => ({
          name,
          name_ndx,
          parts: { part_level },
        });
        // 401 is 1 * 256 + 145, 2978 is 11 * 256 + 162.
        const colors = [
          [0, 0, 0],
          [10, 145, 7],
          [110, 162, 9],
        ];
        return {
          [`${place}.png`]: picture.image,
          [`${place}_seg.png`]: await colorMaskOf(picture, (label) => colors[label]!),
          [`${place}.json`]: {
            annotation: { object: [object('car', 401), object('tree', 2978), object('wheel', 401, 1)] },
          },
        };
      }),
  },
  {
    title: 'ADE20K of 2017',
    format: 'ade20k-full',
    hasIgnored: false,
    subsets: ['training', 'validation'],
    write: (generated, root) =>
      writeAll(generated, root, async (picture, part) => {
        const place = `images/${folderOf(part)}/s/street/${picture.id}`;
        const colors = [
          [0, 0, 0],
          [10, 145, 100],
          [110, 162, 50],
        ];
        // Blue counts objects by its rank: 50 is the first, 100 the second.
        return {
          [`${place}.png`]: picture.image,
          [`${place}_seg.png`]: await colorMaskOf(picture, (label) => colors[label]!),
          [`${place}_atr.txt`]:
            '001 # 0 # 0 # tree # tree # ""\n002 # 0 # 0 # car # car # ""\n001 # 1 # 0 # leaf # leaf # ""\n',
        };
      }),
  },
];

const roboflow: WrittenCase = {
  title: 'semantic masks of Roboflow',
  format: 'roboflow',
  hasIgnored: true,
  subsets: ['train', 'valid'],
  write: (generated, root) =>
    writeAll(generated, root, (picture, part) => {
      const folder = part === 'val' ? 'valid' : part;
      return {
        [`${folder}/${picture.id}.png`]: picture.image,
        [`${folder}/${picture.id}_mask.png`]: maskOf(picture),
        [`${folder}/_classes.csv`]: 'Pixel Value, Class\n0, background\n1, car\n2, tree\n',
      };
    }),
};

const supervisely: WrittenCase = {
  title: 'Supervisely with bitmaps and polygons',
  format: 'supervisely',
  hasIgnored: false,
  subsets: both,
  async write(generated, root) {
    const classes = NAMES.slice(1).map((title) => ({ title, shape: 'any', color: '#00ff00' }));
    await writeFiles(root, {
      'meta.json': { classes: [...classes, { title: 'spot', shape: 'point' }], tags: [] },
    });
    await writeAll(generated, root, (picture, part) => {
      const { id, width, height, labels } = picture;
      const bitmap = indexMask(
        [...labels].map((label) => (label === 1 ? 255 : 0)),
        width,
        height,
      );
      const polygons = rowsOf(picture).flatMap((row) =>
        row.value === 2
          ? [
              {
                classTitle: 'tree',
                geometryType: 'polygon',
                points: { exterior: cornersOf(row), interior: [] },
              },
            ]
          : [],
      );
      return {
        [`${part}/img/${id}.png`]: picture.image,
        [`${part}/ann/${id}.png.json`]: {
          size: { width, height },
          objects: [
            {
              ...{ classTitle: 'car', geometryType: 'bitmap' },
              bitmap: { data: deflateSync(bitmap).toString('base64'), origin: [0, 0] },
            },
            ...polygons,
          ],
        },
      };
    });
  },
};

const nnunet: readonly WrittenCase[] = [
  {
    title: 'nnU-Net raw',
    format: 'nnunet',
    hasIgnored: false,
    subsets: ['Tr', 'Ts'],
    roles: ['train', 'test'],
    async write(generated, root) {
      await writeFiles(root, {
        'dataset.json': {
          ...{ channel_names: { 0: 'R', 1: 'G', 2: 'B' }, labels: { background: 0, car: 1, tree: 2 } },
          ...{ numTraining: 3, file_ending: '.png' },
        },
      });
      await writeAll(generated, root, (picture, part) => {
        const name = part === 'train' ? 'Tr' : 'Ts';
        return {
          [`images${name}/${picture.id}_0000.png`]: picture.image,
          [`labels${name}/${picture.id}.png`]: maskOf(picture),
        };
      });
    },
  },
  {
    title: 'nnU-Net raw with a label to ignore, of the first version',
    format: 'nnunet',
    hasIgnored: true,
    subsets: [],
    write: (generated, root) =>
      writeAll(generated, root, (picture, part) => ({
        [`${part}/dataset.json`]: { labels: { '0': 'background', '1': 'car', '2': 'tree', '3': 'ignore' } },
        [`${part}/imagesTr/${picture.id}_0000.png`]: picture.image,
        [`${part}/labelsTr/${picture.id}.png`]: maskOf(picture, (label) => (label === 255 ? 3 : label)),
      })),
  },
];

/** Starts count from 1, down the columns. */
function startsAndLengths({ labels, width, height }: GeneratedPicture, value: number): string {
  const numbers: number[] = [];
  let before = false;
  for (let i = 0; i < labels.length; i++) {
    const is = labels[(i % height) * width + Math.floor(i / height)] === value;
    if (is && !before) numbers.push(i + 1, 0);
    if (is) numbers[numbers.length - 1]!++;
    before = is;
  }
  return numbers.join(' ');
}

const kaggle: readonly WrittenCase[] = [
  {
    title: 'a table with a column of classes',
    format: 'kaggle',
    hasIgnored: false,
    subsets: [],
    async write(generated, root) {
      for (const [part, pictures] of partsOf(generated)) {
        const rows = pictures.flatMap((picture) =>
          [1, 2].map((value) => `${picture.id}.png,${NAMES[value]},${startsAndLengths(picture, value)}\n`),
        );
        await writeFiles(root, {
          ...Object.fromEntries(pictures.map(({ id, image }) => [`${part}/train_images/${id}.png`, image])),
          [`${part}/train.csv`]: `ImageId,ClassId,EncodedPixels\n${rows.join('')}`,
          [`${part}/sample_submission.csv`]: 'ImageId,ClassId,EncodedPixels\nx.png,1,1 1\n',
        });
      }
    },
  },
  {
    title: 'a table with image and class in one column',
    format: 'kaggle',
    hasIgnored: false,
    subsets: both,
    async write(generated, root) {
      for (const [part, pictures] of partsOf(generated)) {
        const rows = pictures.flatMap((picture) => [
          ...[1, 2].map(
            (value) => `"${picture.id}.png_${NAMES[value]}","${startsAndLengths(picture, value)}"\r\n`,
          ),
          `${picture.id}.png_car,\r\n`,
        ]);
        await writeFiles(root, {
          ...Object.fromEntries(pictures.map(({ id, image }) => [`images/${id}.png`, image])),
          [`${part}.csv`]: `Image_Label,EncodedPixels\r\n${rows.join('')}`,
        });
      }
    },
  },
];

export const BENCHMARK_CASES: readonly WrittenCase[] = [
  ...cityscapes,
  kitti,
  ...ade,
  roboflow,
  supervisely,
  ...nnunet,
  ...kaggle,
];
