import { describe, expect, it } from 'vitest';
import { indexMask, noise, rgbPng, temporaryFolder, writeFiles } from '../datasets/fixtures.cases.js';
import { openDataset } from '../datasets/open-dataset.js';
import { readLabels } from './read-labels.js';

const SIZE = { width: 8, height: 6 };

async function withImage(files: Record<string, object>): Promise<string> {
  const root = await temporaryFolder();
  await writeFiles(root, { 'images/a.png': await rgbPng(noise(8, 6, 1), 8, 6), ...files });
  return root;
}

describe('COCO with instances and stuff', () => {
  /** The left half is sky, whatever else; of the right half is said that a thing is there. */
  const stuff = (images = ['a.png']) => ({
    images: images.map((file_name, id) => ({ id, file_name, ...SIZE })),
    categories: [
      { id: 157, name: 'sky', supercategory: 'sky' },
      { id: 183, name: 'other', supercategory: 'other' },
    ],
    annotations: images.flatMap((_, image_id) => [
      { id: 2 * image_id, image_id, category_id: 157, segmentation: [[0, 0, 4, 0, 4, 6, 0, 6]] },
      { id: 2 * image_id + 1, image_id, category_id: 183, segmentation: [[4, 0, 8, 0, 8, 6, 4, 6]] },
    ]),
  });
  /** Ids of its own; a car over the middle, cars that nobody counted below it. */
  const instances = (images = ['a.png']) => ({
    images: images.map((file_name, at) => ({ id: 10 + at, file_name, ...SIZE })),
    categories: [{ id: 157, name: 'car' }],
    annotations: images.flatMap((_, at) => [
      { id: at, image_id: 10 + at, category_id: 157, segmentation: [[2, 0, 6, 0, 6, 3, 2, 3]] },
      {
        id: 100 + at,
        image_id: 10 + at,
        category_id: 157,
        iscrowd: 1,
        segmentation: { counts: [48 - 6, 6], size: [6, 8] },
      },
    ]),
  });

  it('is read as one: things over what surrounds them', async () => {
    const root = await withImage({
      'annotations/stuff_train.json': stuff(),
      'annotations/instances_train.json': instances(),
    });
    const { classes, notices, samples, decodeMask } = await openDataset(root);
    expect(classes.map(({ name }) => name)).toEqual(['background', 'car', 'sky']);
    expect(notices.join()).toMatch(/instances_train\.json and \S+stuff_train\.json are read together/);
    const { data } = await readLabels(samples[0]!, decodeMask);
    const row = (y: number) => [...data.subarray(8 * y, 8 * y + 8)];
    expect(row(0)).toEqual([2, 2, 1, 1, 1, 1, 0, 255]);
    expect(row(5)).toEqual([2, 2, 2, 2, 0, 0, 0, 255]);
  });

  it('leaves out images of which one of the files says nothing', async () => {
    const root = await withImage({
      'annotations/stuff_train.json': stuff(),
      'annotations/instances_train.json': instances(['a.png', 'b.png']),
    });
    const { samples, notices } = await openDataset(root);
    expect(samples).toHaveLength(1);
    expect(notices.join()).toMatch(/1 image of the first is left out, of which the other says nothing/);
  });
});

it('of several annotations of Label Studio the one counts that is marked as the truth', async () => {
  const drawn = (label: string, more = {}) => ({
    ...more,
    result: [
      {
        ...{ type: 'polygonlabels', original_width: 8, original_height: 6 },
        value: {
          points: [
            [0, 0],
            [50, 0],
            [50, 100],
            [0, 100],
          ],
          polygonlabels: [label],
        },
      },
    ],
  });
  const read = async (...annotations: object[]) => {
    const root = await withImage({ 'tasks.json': [{ id: 7, data: { image: 'a.png' }, annotations }] });
    const { classes, notices, samples, decodeMask } = await openDataset(root);
    const { data } = await readLabels(samples[0]!, decodeMask);
    return { shown: classes[data[0]!]!.name, notices: notices.join() };
  };
  const marked = await read(drawn('car'), drawn('tree', { ground_truth: true }));
  expect(marked.shown).toBe('tree');
  expect(marked.notices).not.toContain('several annotations');
  const open = await read(drawn('car'), drawn('tree'));
  expect(open.shown).toBe('car');
  expect(open.notices).toMatch(/1 tasks have several annotations, of which the first one counts \(7\)/);
});

const cocoOf = (fileName: string, segmentation = [[0, 0, 4, 0, 4, 6, 0, 6]]) => ({
  'annotations/instances_default.json': {
    images: [{ id: 1, file_name: fileName }],
    categories: [{ id: 1, name: 'car' }],
    annotations: [{ id: 1, image_id: 1, category_id: 1, segmentation }],
  },
});

it.each([
  ['in other letters', 'A.PNG', 'A'],
  ['of an address', 'some%20where/a%2Epng', 'some%20where/a%2Epng'],
  ['of another machine', 'C:\\pictures\\a.png', 'pictures/a'],
  ['that leads out of the folder', '../../images/a.png', 'images/a'],
])('an image is found by a name %s, and called by one that stays in the folder', async (_, name, id) => {
  const { samples } = await openDataset(await withImage(cocoOf(name)));
  expect(samples.map((sample) => sample.id)).toEqual([id.replace(/\.png$/, '')]);
  expect(samples[0]!.imagePath).toMatch(/images\/a\.png$/);
});

it('polygons of another image are told', async () => {
  const far = [[80, 0, 90, 0, 90, 6]];
  const { notices } = await openDataset(await withImage(cocoOf('a.png', far)));
  expect(notices.join()).toMatch(/1 polygons lie wholly outside of their images .*images\/a\.png/);
});

/** Pixels of class 1 in the first sample. */
async function carsOf(root: string): Promise<number> {
  const { samples, decodeMask } = await openDataset(root);
  return (await readLabels(samples[0]!, decodeMask)).data.filter((label) => label === 1).length;
}

it('YOLO takes lists of images, and several folders', async () => {
  const image = await rgbPng(noise(8, 6, 1), 8, 6);
  const half = '0 0 0 0.5 0 0.5 1 0 1\n';
  const root = await temporaryFolder();
  await writeFiles(root, {
    'data.yaml': 'names: [car]\ntrain: train.txt\nval: [images/x, images/y]\n',
    'train.txt': '\ufeffimages/x/a.png\n/home/somebody/images/y/b.png\n',
    ...Object.fromEntries(['x/a', 'x/c', 'y/b', 'y/d'].map((name) => [`images/${name}.png`, image])),
    ...Object.fromEntries(['x/a', 'x/c', 'y/b', 'y/d'].map((name) => [`labels/${name}.txt`, half])),
  });
  const idsOf = async (role: 'train' | 'val') =>
    (await openDataset(root, { role })).samples.map(({ id }) => id);
  expect(await idsOf('train')).toEqual(['x/a', 'y/b']);
  expect(await idsOf('val')).toEqual(['a', 'b', 'c', 'd']);
  expect((await openDataset(root, { role: 'train' })).samples[0]!.shapes!.shapes).toHaveLength(1);
});

it.each([
  [
    'its file says so',
    'names: [car]\nkpt_shape: [2, 3]\n',
    '0 0.5 0.5 1 1 0.2 0.2 0 0.4 0.4 1\n',
    /data\.yaml: "kpt_shape"/,
  ],
  [
    'one is in plain sight',
    'names: [car]\n',
    '0 0.5 0.5 1 1 0.2 0.2 2 0.4 0.4 1\n',
    /a\.txt: line 1 looks like a box with/,
  ],
])('keypoints of YOLO are no corners: %s', async (_, yaml, line, said) => {
  const root = await withImage({});
  await writeFiles(root, { 'data.yaml': yaml, 'labels/a.txt': line });
  await expect(openDataset(root)).rejects.toThrow(said);
});

it('a polygon of YOLO along the borders of its image is none of keypoints', async () => {
  const root = await withImage({});
  await writeFiles(root, { 'data.yaml': 'names: [car]', 'labels/a.txt': '0 0 0 1 0 1 1 0 1 0 0\n' });
  expect(await carsOf(root)).toBe(48);
});

it('an ellipse of CVAT covers what it encloses', async () => {
  const drawn = '<ellipse label="car" cx="4" cy="3" rx="3" ry="2" rotation="90" />';
  const root = await withImage({});
  await writeFiles(root, {
    'annotations.xml': `<annotations><image name="a.png">${drawn}</image></annotations>`,
  });
  // Turned: two pixels to the sides, three up and down.
  const { samples, decodeMask } = await openDataset(root);
  const { data } = await readLabels(samples[0]!, decodeMask);
  const rows = Array.from({ length: 6 }, (_, y) => data.slice(8 * y, 8 * y + 8).join(''));
  expect(rows).toEqual(['00011000', '00111100', '00111100', '00111100', '00111100', '00011000']);
});

it('what Label Studio has drawn with one tool and labelled with another is read', async () => {
  const points = [
    [0, 0],
    [50, 0],
    [50, 100],
    [0, 100],
  ];
  const common = { id: 'x', original_width: 8, original_height: 6 };
  const result = [
    { ...common, type: 'polygon', value: { points } },
    { ...common, type: 'labels', value: { points, labels: ['car'] } },
  ];
  const task = { id: 7, data: { image: 'a.png' }, annotations: [{ result }] };
  expect(await carsOf(await withImage({ 'tasks.json': [task] }))).toBe(24);
  const alone = {
    ...task,
    annotations: [{ result: [...result, { ...common, id: 'y', type: 'polygon', value: {} }] }],
  };
  const root = await withImage({ 'tasks.json': [alone] });
  await expect(openDataset(root)).rejects.toThrow(/task 7 has a polygon without a label/);
});

it('a table of the paths of images and masks is none of run lengths', async () => {
  const root = await withImage({});
  await writeFiles(root, {
    'train.csv': 'image,mask\nimages/a.png,masks/a.png\n',
    'masks/a.png': indexMask(new Array(48).fill(1), 8, 6),
  });
  expect((await openDataset(root)).notices.join()).toContain('read as folders of images and masks');
});

it('annotations of Supervisely may leave the ending of the image out', async () => {
  const root = await temporaryFolder();
  const exterior = [
    [0, 0],
    [4, 0],
    [4, 6],
    [0, 6],
  ];
  await writeFiles(root, {
    'meta.json': { classes: [{ title: 'car', shape: 'polygon' }] },
    'ds/img/a.v1.png': await rgbPng(noise(8, 6, 1), 8, 6),
    'ds/ann/a.v1.json': {
      size: SIZE,
      objects: [{ classTitle: 'car', geometryType: 'polygon', points: { exterior, interior: [] } }],
    },
  });
  expect(await carsOf(root)).toBe(24);
});

it('two masks of one name are no choice of the program', async () => {
  const mask = indexMask(new Array(48).fill(1), 8, 6);
  const image = await rgbPng(noise(8, 6, 1), 8, 6);
  const root = await temporaryFolder();
  await writeFiles(root, {
    'JPEGImages/a.png': image,
    'SegmentationClass/a.png': mask,
    'SegmentationClass/a.tif': mask,
  });
  await expect(openDataset(root)).rejects.toThrow(
    /a\.tif and .*a\.png have the same name apart from their ending/,
  );
});

it('instances in masks of their own are told, not taken for nothing', async () => {
  const mask = indexMask(new Array(48).fill(1), 8, 6);
  const root = await withImage({});
  await writeFiles(root, { 'masks/a/1.png': mask, 'masks/a/2.png': mask });
  await expect(openDataset(root)).rejects.toThrow(/images\/a\.png has no mask/);
});

it('a table has semicolons where spreadsheets write these', async () => {
  const root = await withImage({});
  await writeFiles(root, { 'train.csv': '\ufeffImageId;ClassId;EncodedPixels\r\na.png;1;1 6\r\n' });
  expect(await carsOf(root)).toBe(6);
});

it('polygons in fractions where pixels are meant are told', async () => {
  const small = [[0.1, 0.1, 0.5, 0.1, 0.5, 0.5]];
  const { notices } = await openDataset(await withImage(cocoOf('a.png', small)));
  expect(notices.join()).toMatch(/1 polygons lie within the first pixel .*fractions\?/);
});

it('what nothing fits is told with what may be the reason', async () => {
  const mask = indexMask(new Array(48).fill(1), 8, 6);
  const image = await rgbPng(noise(8, 6, 1), 8, 6);
  const root = await temporaryFolder();
  await writeFiles(root, {
    'day1/images/a.png': image,
    'day1/masks/a.png': mask,
    'day2/images/a.png': image,
    'day2/masks/a.png': mask,
    'a.json': Buffer.from('\ufeff{"shapes": [], "imagePath": "a.png"}', 'utf16le'),
  });
  await expect(openDataset(root)).rejects.toThrow(
    /day1, day2 would be data sets of their own: give one of them; a\.json are not UTF-8 but UTF-16/,
  );
});
