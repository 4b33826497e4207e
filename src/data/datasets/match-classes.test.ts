import { describe, expect, it } from 'vitest';
import { readMask } from '../masks/read-mask.js';
import { errorOf, indexMask, rgbPng, temporaryFolder, writeFiles } from './fixtures.cases.js';
import { matchClasses } from './match-classes.js';
import { openDataset } from './open-dataset.js';

const known = ['background', 'car', 'tree'].map((name) => ({ name, color: [0, 0, 0] as const }));

async function dataset(...labels: string[]) {
  const root = await temporaryFolder();
  await writeFiles(root, {
    'dataset_meta.json': { labels },
    'images/a.png': await rgbPng(new Array(12).fill(9), 4, 1),
    'masks/a.png': indexMask([0, 1, labels.length - 1, 255], 4, 1),
  });
  return openDataset(root);
}

describe('matchClasses', () => {
  it('leaves a data set with the same classes as it is', async () => {
    const given = await dataset('background', 'car', 'tree');
    const { dataset: same, indices, notices } = matchClasses(given, known, 'the model');
    expect(same).toEqual({ ...given, classes: known });
    expect(indices).toEqual([0, 1, 2]);
    expect(notices).toEqual([]);
  });

  it('matches by name what stands in another order, and says so', async () => {
    const {
      dataset: other,
      indices,
      notices,
    } = matchClasses(await dataset('background', 'tree', 'car'), known, 'the model');
    expect(indices).toEqual([0, 2, 1]);
    expect(notices).toEqual([
      expect.stringMatching(/in another order .* by name: background 0 -> 0, tree 1 -> 2, car 2 -> 1$/),
    ]);
    expect(other.classes).toBe(known);
    expect([...(await readMask(other.samples[0]!.maskPath, other.decodeMask)).data]).toEqual([0, 2, 1, 255]);
  });

  it('says which classes are missing, and needs no others for it', async () => {
    const {
      dataset: fewer,
      indices,
      notices,
    } = matchClasses(await dataset('background', 'tree'), known, 'the model');
    expect(indices).toEqual([0, 2]);
    expect(notices).toEqual([expect.stringMatching(/does not have the class car of the model/)]);
    expect([...(await readMask(fewer.samples[0]!.maskPath, fewer.decodeMask)).data]).toEqual([0, 2, 2, 255]);
  });

  it('refuses classes that are not known, by name', async () => {
    const given = await dataset('background', 'unicorn', 'car', 'yeti');
    const error = await errorOf((async () => matchClasses(given, known, 'the model'))());
    expect(error).toMatchObject({ code: 'dataset' });
    expect(error.message).toMatch(
      /include unicorn, yeti, which the model does not have \(background, car, tree\)/,
    );
  });
});
