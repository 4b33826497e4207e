import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  errorOf,
  indexMask,
  noise,
  rgbPng,
  temporaryFolder,
  writeFiles,
} from '../datasets/fixtures.cases.js';
import { openDataset } from '../datasets/open-dataset.js';
import { verifyDataset } from '../datasets/verify.js';

const SIZE = { width: 8, height: 6 };

/** Opens and checks a data set of these files and two images, and gives what is said about it. */
async function saidOf(files: Record<string, string | object | Uint8Array>): Promise<string> {
  const root = await temporaryFolder();
  const image = await rgbPng(noise(SIZE.width, SIZE.height, 1), SIZE.width, SIZE.height);
  await writeFiles(root, { 'images/a.png': image, 'images/b.png': image, ...files });
  const error = await errorOf(
    (async () => verifyDataset(await openDataset(root), { workers: 0, isForTraining: true }))(),
  );
  expect(error).toMatchObject({ name: 'OtxError' });
  return error.message.replaceAll(root, 'ROOT');
}

const coco = (segmentation: unknown, more: object = {}, fileName = 'a.png') => ({
  'annotations/instances_default.json': {
    images: [{ id: 1, file_name: fileName, ...SIZE }],
    categories: [{ id: 1, name: 'car' }],
    annotations: [{ id: 5, image_id: 1, category_id: 1, segmentation, ...more }],
  },
});

describe('what is wrong in an annotation is one line that names it', () => {
  it.each<[string, Record<string, string | object | Uint8Array>, RegExp]>([
    [
      'a corner that is no number',
      coco([[0, 0, 5, null, 5, 5]]),
      /annotation 5 of a\.png has null where a number is expected/,
    ],
    [
      'a corner that is a word',
      coco([[0, 0, 5, 'x', 5, 5]]),
      /annotation 5 of a\.png has "x" where a number/,
    ],
    ['half a corner', coco([[0, 0, 5, 5, 5, 5, 1]]), /has 7 coordinates, which are no pairs/],
    ['no list', coco([{ x: 1 }]), /has a part that is no list of corners/],
    [
      'run lengths of more pixels than the image',
      coco({ counts: [0, 49], size: [6, 8] }),
      /has run lengths of 49 pixels for 8x6, which has 48/,
    ],
    ['a negative run', coco({ counts: [3, -2], size: [6, 8] }), /has -2 where a whole number is expected/],
    [
      'compressed nonsense',
      coco({ counts: '~~~~', size: [6, 8] }),
      /has compressed run lengths that are damaged/,
    ],
    [
      'compressed without end',
      coco({ counts: 'PPPPPPPPPPPP', size: [6, 8] }),
      /compressed run lengths that are damaged/,
    ],
    [
      'run lengths of another image',
      coco({ counts: [0, 9], size: [60, 80] }),
      /but its image has 8x6 pixels/,
    ],
    [
      'an unknown category',
      coco([[0, 0, 5, 0, 5, 5]], { category_id: 9 }),
      /is of category 9, which is not listed/,
    ],
    ['an unknown image', coco([[0, 0, 5, 0, 5, 5]], { image_id: 9 }), /is of image 9, which is not listed/],
    [
      'a path out of the folder',
      coco([[0, 0, 5, 0, 5, 5]], {}, '../../etc/passwd'),
      /names the image "\.\.\/\.\.\/etc\/passwd", which is not in ROOT/,
    ],
    [
      'the size of another image',
      {
        'annotations/instances_default.json': {
          images: [{ id: 1, file_name: 'a.png', width: 6, height: 8 }],
          categories: [{ id: 1, name: 'car' }],
          annotations: [],
        },
      },
      /says that ROOT\/images\/a\.png is 6x8, but it is 8x6; .*EXIF/,
    ],
    [
      'JSON that nests without end',
      { 'annotations/x.json': `{"images": [], "annotations": [], "categories": [${'['.repeat(100)}` },
      /is not valid JSON \(it nests more than 64 levels\)/,
    ],
    [
      'XML that nests without end',
      { 'annotations.xml': `<annotations><image name="a.png">${'<a>'.repeat(100_000)}` },
      /is not valid XML \(it nests too deeply\)/,
    ],
    [
      'entities of XML',
      { 'annotations.xml': '<!DOCTYPE a [<!ENTITY x "y">]><annotations><image name="&x;"/></annotations>' },
      /is not valid XML \(.*&x;/,
    ],
    [
      'a mask of CVAT beyond its image',
      {
        'annotations.xml':
          '<annotations><image name="a.png"><mask label="car" rle="0,4" left="7" top="5" width="2" height="2"/></image></annotations>',
      },
      /covers columns 7 to 8 and rows 5 to 6, but its image has 8x6/,
    ],
    ['a video', { 'annotations.xml': '<annotations><track id="0" /></annotations>' }, /tracks of a video/],
    [
      'a polygon with NaN',
      {
        'annotations.xml':
          '<annotations><image name="a.png"><polygon label="car" points="0,0;NaN,4;5,5"/></image></annotations>',
      },
      /a polygon of car has "NaN" where a number is expected/,
    ],
    [
      'a class number that is none',
      { 'data.yaml': 'names: [car]', 'labels/a.txt': '7 0 0 1 0 1 1\n' },
      /a\.txt: line 1 has the class 7; the names count from 0 to 0/,
    ],
    [
      'names that are none',
      { 'data.yaml': 'names: 3', 'labels/a.txt': '' },
      /"names" gives no names of classes/,
    ],
    [
      'a picture in labelme that is none',
      {
        'images/a.json': {
          imagePath: 'a.png',
          shapes: [
            {
              label: 'car',
              shape_type: 'mask',
              points: [
                [0, 0],
                [1, 1],
              ],
              mask: 'bm8=',
            },
          ],
        },
      },
      /the picture of an object in it is no PNG/,
    ],
    [
      'a picture in labelme of more pixels than its image',
      {
        'images/a.json': {
          imagePath: 'a.png',
          shapes: [
            {
              ...{
                label: 'car',
                shape_type: 'mask',
                mask: indexMask(new Array(400).fill(1), 20, 20).toString('base64'),
              },
              points: [
                [0, 0],
                [1, 1],
              ],
            },
          ],
        },
      },
      /the picture of an object in it cannot be read as an image \(it has more pixels/,
    ],
    [
      'a brush that claims the world',
      {
        'tasks.json': [
          {
            data: { image: 'a.png' },
            annotations: [
              {
                result: [
                  {
                    ...{ type: 'brushlabels', original_width: 8, original_height: 6 },
                    value: { brushlabels: ['car'], rle: [255, 255, 255, 255, 0] },
                  },
                ],
              },
            ],
          },
        ],
      },
      /result 0 has a brush of 1073741823\.75 pixels, but its image has 48/,
    ],
    [
      'an image that is listed twice',
      {
        'annotations/instances_default.json': {
          images: [1, 2].map((id) => ({ id, file_name: 'a.png', ...SIZE })),
          categories: [{ id: 1, name: 'car' }],
          annotations: [],
        },
      },
      /images\/a\.png is annotated twice, in ROOT\/annotations\/instances_default\.json/,
    ],
    [
      'two categories of one id',
      {
        'annotations/instances_default.json': {
          images: [{ id: 1, file_name: 'a.png', ...SIZE }],
          categories: [
            { id: 1, name: 'car' },
            { id: 1, name: 'tree' },
          ],
          annotations: [],
        },
      },
      /gives the id 1 to the categories car and tree/,
    ],
    [
      'a value of two classes',
      {
        '_classes.csv': 'Pixel Value, Class\n0, background\n1, car\n1, tree\n',
        'a_mask.png': indexMask(new Array(48).fill(1), 8, 6),
      },
      /_classes\.csv: gives the value 1 to two classes/,
    ],
    [
      'names in UTF-16',
      {
        'SegmentationClass/a.png': indexMask(new Array(48).fill(1), 8, 6),
        'labelmap.txt': Buffer.from('\ufeffcar:1,2,3::\n', 'utf16le'),
      },
      /labelmap\.txt: is not UTF-8 but UTF-16/,
    ],
    [
      'pixels where fractions are meant',
      { 'data.yaml': 'names: [car]', 'labels/a.txt': '0 0 0 7 0 7 5\n' },
      /a\.txt: line 1 has a coordinate 7 times as far as its image is wide or high; is it in pixels\?/,
    ],
    [
      'a picture in Supervisely that unpacks to more than its image',
      {
        'meta.json': { classes: [{ title: 'car', shape: 'bitmap' }] },
        'ds/img/a.png': indexMask(new Array(48).fill(1), 8, 6),
        'ds/ann/a.png.json': {
          size: { width: 8, height: 6 },
          objects: [
            {
              ...{ classTitle: 'car', geometryType: 'bitmap' },
              bitmap: { origin: [0, 0], data: deflateSync(Buffer.alloc(1 << 20)).toString('base64') },
            },
          ],
        },
      },
      /object 0 \(car\) has a bitmap whose data is damaged/,
    ],
  ])('%s', async (_, files, said) => {
    const message = await saidOf(files);
    expect(message).toMatch(said);
  });
});

it('takes names of classes that programs trip over for names', async () => {
  const root = await temporaryFolder();
  const image = await rgbPng(noise(8, 6, 1), 8, 6);
  const names = ['__proto__', 'constructor', 'toString'];
  await writeFiles(root, {
    'images/a.png': image,
    'data.yaml': `names: [${names.join(', ')}]`,
    'labels/a.txt': '0 0 0 1 0 1 1 0 1\n2 0 0 0.5 0 0.5 1 0 1\n',
  });
  const dataset = await openDataset(root);
  expect(dataset.classes.map(({ name }) => name)).toEqual(['background', ...names]);
  const { report } = await verifyDataset(dataset, { workers: 0 });
  expect(report.classes.map(({ pixels }) => pixels)).toEqual([0, 24, 0, 24]);
});

it('says when nothing but boxes was drawn', async () => {
  const message = await saidOf(coco([]));
  expect(message).toMatch(
    /every pixel .* is background.*passed over, since they enclose no pixels: 1 box without an outline/s,
  );
});

it('draws coordinates of any size in bounded time', async () => {
  const root = await temporaryFolder();
  await writeFiles(root, {
    'images/a.png': await rgbPng(noise(8, 6, 1), 8, 6),
    ...coco([[-1e300, -1e300, 1e300, -1e300, 1e300, 1e300, -1e300, 1e300]]),
  });
  const { report } = await verifyDataset(await openDataset(root), { workers: 0 });
  expect(report.classes[1]!.pixels).toBe(48);
});
