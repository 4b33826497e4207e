/** @file The generated data set in layouts that say what was drawn. */
import { indexMask, writeFiles } from '../../datasets/fixtures.cases.js';
import { countsOf } from '../shapes/parse-shapes.js';
import { cornersOf, type Generated, type GeneratedPicture, NAMES, rowsOf } from './generated.cases.js';
import type { WrittenCase } from './written.cases.js';

type Parts = [string, GeneratedPicture[]][];
const partsOf = (generated: Generated) => Object.entries(generated) as Parts;
const both = ['train', 'val'];

/** COCO with polygons, as its own files have them; a crowd with run lengths in a list. */
function cocoOf(pictures: readonly GeneratedPicture[], ignored: number): object {
  const images = pictures.map(({ id, width, height }, i) => ({
    id: 10 * i,
    file_name: `${id}.png`,
    width,
    height,
  }));
  const annotations = pictures.flatMap((picture, i) => {
    const parts = (value: number) =>
      rowsOf(picture)
        .filter((row) => row.value === value)
        .map((row) => cornersOf(row).flat());
    const objects = [1, 2].map((value) => ({
      image_id: 10 * i,
      category_id: 7 * value,
      iscrowd: 0,
      segmentation: parts(value),
    }));
    const counts = countsOf(picture.labels, picture, ignored, 'columns');
    const crowd = {
      image_id: 10 * i,
      category_id: 7,
      iscrowd: 1,
      segmentation: { counts, size: [picture.height, picture.width] },
    };
    return [...objects, crowd];
  });
  const categories = [
    { id: 7, name: 'car' },
    { id: 14, name: 'tree' },
  ];
  return { images, categories, annotations: annotations.map((each, id) => ({ id, ...each })) };
}

const coco: readonly WrittenCase[] = [
  {
    title: 'COCO 2017',
    format: 'coco',
    hasIgnored: true,
    subsets: ['train2017', 'val2017'],
    async write(generated, root) {
      for (const [part, pictures] of partsOf(generated)) {
        await writeFiles(root, {
          ...Object.fromEntries(pictures.map(({ id, image }) => [`${part}2017/${id}.png`, image])),
          [`annotations/instances_${part}2017.json`]: cocoOf(pictures, 255),
          [`annotations/captions_${part}2017.json`]: { images: [], annotations: [], categories: [] },
        });
      }
    },
  },
  {
    title: 'COCO of Roboflow',
    format: 'coco',
    hasIgnored: false,
    subsets: ['train', 'valid'],
    async write(generated, root) {
      for (const [part, pictures] of partsOf(generated)) {
        const folder = part === 'val' ? 'valid' : part;
        const file = cocoOf(pictures, 255) as { categories: object[] };
        file.categories = [
          { id: 0, name: 'things', supercategory: 'none' },
          ...file.categories.map((category) => ({ ...category, supercategory: 'things' })),
        ];
        await writeFiles(root, {
          ...Object.fromEntries(pictures.map(({ id, image }) => [`${folder}/${id}.png`, image])),
          [`${folder}/_annotations.coco.json`]: file,
        });
      }
    },
  },
];

const datumaro: WrittenCase = {
  title: 'Datumaro with polygons, and the paths of another machine',
  format: 'datumaro',
  hasIgnored: false,
  subsets: both,
  async write(generated, root) {
    for (const [part, pictures] of partsOf(generated)) {
      const items = pictures.map((picture) => ({
        id: picture.id,
        annotations: rowsOf(picture).map((row, id) => ({
          ...{ id, type: 'polygon', attributes: {}, group: 0, label_id: row.value - 1 },
          ...{ points: cornersOf(row).flat(), z_order: 0 },
        })),
        media: { path: `../elsewhere/images/${picture.id}.png` },
      }));
      const labels = NAMES.slice(1).map((name) => ({ name, parent: '', attributes: [] }));
      await writeFiles(root, {
        ...Object.fromEntries(pictures.map(({ id, image }) => [`images/${part}/${id}.png`, image])),
        [`annotations/${part}.json`]: { info: {}, categories: { label: { labels } }, items },
      });
    }
  },
};

const cvat: WrittenCase = {
  title: 'CVAT with polygons, a file for each subset',
  format: 'cvat',
  hasIgnored: true,
  subsets: both,
  async write(generated, root) {
    const names = new Map([
      [255, '__ignore__'],
      ...NAMES.map((name, value): [number, string] => [value, name]),
    ]);
    for (const [part, pictures] of partsOf(generated)) {
      const images = pictures.map((picture, i) => {
        const { id, width, height } = picture;
        const polygons = rowsOf(picture).map((row) => {
          const points = cornersOf(row)
            .map((corner) => corner.join(','))
            .join(';');
          return `<polygon label="${names.get(row.value)}" points="${points}" z_order="1"/>`;
        });
        // What lies at the bottom is drawn first, wherever it stands.
        const ground = `<mask label="tree" rle="0,${width * height}" left="0" top="0" width="${width}" height="${height}" z_order="-1"/>`;
        const grass = `<mask label="background" rle="0,${width * height}" left="0" top="0" width="${width}" height="${height}" z_order="0"/>`;
        return `<image id="${i}" name="${id}.png" width="${width}" height="${height}">${polygons.join('')}${grass}${ground}</image>`;
      });
      const labels = ['background', 'car', 'tree', '__ignore__'].map(
        (name) => `<label><name>${name}</name><color>#ff0000</color><type>any</type></label>`,
      );
      await writeFiles(root, {
        ...Object.fromEntries(pictures.map(({ id, image }) => [`images/${id}.png`, image])),
        [`${part}.xml`]: `<?xml version="1.0"?><annotations><meta><task><labels>${labels.join('')}</labels></task></meta>${images.join('')}</annotations>`,
      });
    }
  },
};

const labelme: readonly WrittenCase[] = [
  {
    title: 'labelme with polygons and rectangles',
    format: 'labelme',
    hasIgnored: true,
    subsets: both,
    async write(generated, root) {
      const nameOf = (value: number) => (value === 255 ? '__ignore__' : NAMES[value]!);
      for (const [part, pictures] of partsOf(generated)) {
        for (const picture of pictures) {
          const shapes = rowsOf(picture).map((row, i) => {
            const corners = cornersOf(row);
            const isRectangle = i % 2 === 1;
            return {
              label: nameOf(row.value),
              points: isRectangle ? [corners[0], corners[2]] : corners,
              shape_type: isRectangle ? 'rectangle' : 'polygon',
            };
          });
          await writeFiles(root, {
            [`${part}/${picture.id}.png`]: picture.image,
            [`${part}/${picture.id}.json`]: {
              ...{ version: '5.4.1', flags: {}, shapes, imagePath: `${picture.id}.png`, imageData: null },
              ...{ imageHeight: picture.height, imageWidth: picture.width },
            },
          });
        }
      }
      await writeFiles(root, { 'labels.txt': '__ignore__\n_background_\ncar\ntree\n' });
    },
  },
  {
    title: 'labelme with masks, in a folder of its own',
    format: 'labelme',
    hasIgnored: false,
    subsets: [],
    async write(generated, root) {
      for (const [part, pictures] of partsOf(generated)) {
        for (const picture of pictures) {
          const { id, width, height, labels } = picture;
          const shapes = [1, 2].map((value) => ({
            label: NAMES[value],
            shape_type: 'mask',
            points: [
              [0, 0],
              [width - 1, height - 1],
            ],
            mask: indexMask(
              [...labels].map((label) => (label === value ? 1 : 0)),
              width,
              height,
            ).toString('base64'),
          }));
          await writeFiles(root, {
            [`${part}/images/${id}.png`]: picture.image,
            [`${part}/labels/${id}.json`]: {
              ...{ version: '5.4.1', shapes, imagePath: `..\\images\\${id}.png` },
              ...{ imageHeight: height, imageWidth: width },
            },
          });
        }
      }
    },
  },
];

const labelStudio: readonly WrittenCase[] = [
  {
    title: 'Label Studio with polygons',
    format: 'label-studio',
    hasIgnored: false,
    subsets: [],
    async write(generated, root) {
      for (const [part, pictures] of partsOf(generated)) {
        const tasks = pictures.map((picture, id) => ({
          id,
          data: { image: `/data/upload/1/0123abcd-${picture.id}.png` },
          annotations: [
            {
              was_cancelled: false,
              result: rowsOf(picture).map((row) => ({
                ...{ type: 'polygonlabels', image_rotation: 0, from_name: 'label', to_name: 'image' },
                ...{ original_width: picture.width, original_height: picture.height },
                value: {
                  points: cornersOf(row).map(([x, y]) => [
                    (100 * x) / picture.width,
                    (100 * y) / picture.height,
                  ]),
                  polygonlabels: [NAMES[row.value]],
                },
              })),
            },
          ],
        }));
        await writeFiles(root, {
          ...Object.fromEntries(pictures.map(({ id, image }) => [`${part}/images/${id}.png`, image])),
          [`${part}/project-1-at-2024-05-06-07-08-abcdef12.json`]: tasks,
        });
      }
    },
  },
  {
    title: 'Label Studio with brushes',
    format: 'label-studio',
    hasIgnored: true,
    subsets: both,
    async write(generated, root) {
      const nameOf = (value: number) => (value === 255 ? 'ignore' : NAMES[value]!);
      for (const [part, pictures] of partsOf(generated)) {
        const tasks = pictures.map((picture, id) => ({
          id,
          data: { image: `s3://bucket/${picture.id}.png` },
          annotations: [
            { was_cancelled: true, result: [] },
            {
              result: [1, 2, 255].map((value) => ({
                ...{ type: 'brushlabels', image_rotation: 0 },
                ...{ original_width: picture.width, original_height: picture.height },
                value: { format: 'rle', rle: brushOf(picture, value), brushlabels: [nameOf(value)] },
              })),
            },
          ],
        }));
        await writeFiles(root, {
          ...Object.fromEntries(pictures.map(({ id, image }) => [`images/${id}.png`, image])),
          [`${part}.json`]: tasks,
        });
      }
    },
  },
];

/** Runs of equal bytes as Label Studio packs them, with words of 8 bits and lengths of 3, 4, 8 and 16. */
export function brushOf({ labels }: GeneratedPicture, value: number): number[] {
  const bytes = [...labels].flatMap((label) => (label === value ? [255, 255, 255, 255] : [0, 0, 0, 0]));
  let bits = '';
  const write = (number: number, count: number) => {
    bits += number.toString(2).padStart(count, '0');
  };
  write(bytes.length, 32);
  write(7, 5);
  for (const size of [3, 4, 8, 16]) write(size - 1, 4);
  for (let at = 0; at < bytes.length; ) {
    let end = at + 1;
    while (end < bytes.length && bytes[end] === bytes[at]) end++;
    const length = end - at - 1;
    const isRun = length > 0;
    const kind = length < 8 ? 0 : length < 16 ? 1 : length < 256 ? 2 : 3;
    write(isRun ? 1 : 0, 1);
    write(kind, 2);
    write(length, [3, 4, 8, 16][kind]!);
    write(bytes[at]!, 8);
    at = end;
  }
  return (bits.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2));
}

const linesOf = (picture: GeneratedPicture): string =>
  rowsOf(picture)
    .map((row) => {
      const corners = cornersOf(row).map(([x, y]) => `${x / picture.width} ${y / picture.height}`);
      return `${row.value - 1} ${corners.join(' ')}\n`;
    })
    .join('');

const yolo: readonly WrittenCase[] = [
  {
    title: 'YOLO segmentation',
    format: 'yolo',
    hasIgnored: false,
    subsets: both,
    async write(generated, root) {
      await writeFiles(root, {
        'data.yaml': 'path: .\ntrain: images/train\nval: images/val\nnames:\n  0: car\n  1: tree\n',
      });
      for (const [part, pictures] of partsOf(generated)) {
        for (const picture of pictures) {
          await writeFiles(root, {
            [`images/${part}/${picture.id}.png`]: picture.image,
            [`labels/${part}/${picture.id}.txt`]: linesOf(picture),
          });
        }
      }
    },
  },
  {
    title: 'YOLO segmentation of Roboflow',
    format: 'yolo',
    hasIgnored: false,
    subsets: both,
    async write(generated, root) {
      await writeFiles(root, {
        'data.yaml': "train: ../train/images\nval: ../valid/images\nnc: 2\nnames: ['car', 'tree']\n",
      });
      for (const [part, pictures] of partsOf(generated)) {
        const folder = part === 'val' ? 'valid' : part;
        for (const picture of pictures) {
          await writeFiles(root, {
            [`${folder}/images/${picture.id}.png`]: picture.image,
            [`${folder}/labels/${picture.id}.txt`]: linesOf(picture),
          });
        }
      }
    },
  },
];

export const SHAPE_CASES: readonly WrittenCase[] = [
  ...coco,
  datumaro,
  cvat,
  ...labelme,
  ...labelStudio,
  ...yolo,
];
