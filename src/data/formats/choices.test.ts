import { expect, it } from 'vitest';
import { noise, rgbPng, temporaryFolder, writeFiles } from '../datasets/fixtures.cases.js';
import { openDataset } from '../datasets/open-dataset.js';
import { readLabels } from './read-labels.js';

const SIZE = { width: 8, height: 6 };

async function withImage(files: Record<string, object>): Promise<string> {
  const root = await temporaryFolder();
  await writeFiles(root, { 'images/a.png': await rgbPng(noise(8, 6, 1), 8, 6), ...files });
  return root;
}

it('of COCO with instances and stuff the instances are read, which is said', async () => {
  const file = (name: string) => ({
    images: [{ id: 1, file_name: 'a.png', ...SIZE }],
    categories: [{ id: 1, name }],
    annotations: [{ id: 1, image_id: 1, category_id: 1, segmentation: [[0, 0, 4, 0, 4, 6, 0, 6]] }],
  });
  const root = await withImage({
    'annotations/stuff_train.json': file('sky'),
    'annotations/instances_train.json': file('car'),
  });
  const { classes, notices } = await openDataset(root);
  expect(classes.map(({ name }) => name)).toEqual(['background', 'car']);
  expect(notices.join()).toMatch(
    /stuff_train\.json says something else about the same images and is not read/,
  );
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
