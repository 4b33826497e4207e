import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  errorOf,
  indexMask,
  soundDataset,
  temporaryFolder,
  writeFiles,
} from '../../data/datasets/fixtures.cases.js';
import type { TrainEvent } from '../../runs/events.js';
import type { CompleteConfig } from '../options/train-options.js';
import { openTrainData } from './train-data.js';

async function checked(train: string, validation: string) {
  const config = {
    train_data_roots: train,
    val_data_roots: validation,
    output: join(await temporaryFolder(), 'run'),
    use_otx_adapter: false,
  } as CompleteConfig;
  const data = await openTrainData(config, {}, 'Incremental', undefined, undefined);
  const events: TrainEvent[] = [];
  const report = await data.check({ workers: 0, onEvent: (event) => events.push(event) });
  const notices = events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
  return { data, report, notices, events };
}

describe('the data of a training', () => {
  it('gives validation the class numbers of training, by name', async () => {
    const train = await soundDataset(1, 4, 1);
    const validation = await soundDataset(1, 4, 1);
    await writeFiles(train, { 'masks/a.png': indexMask([0, 1, 1, 2], 4, 1) });
    await writeFiles(validation, {
      'dataset_meta.json': { labels: ['background', 'tree', 'car'] },
      'masks/a.png': indexMask([0, 1, 1, 2], 4, 1),
    });
    const { data, notices, events } = await checked(train, validation);
    expect(notices).toEqual([
      expect.stringContaining('matched by name'),
      expect.stringContaining('1 of its 1 images are training data as well'),
    ]);
    expect(data.validationSet?.classes.map(({ name }) => name)).toEqual(['background', 'car', 'tree']);
    const reports = events.flatMap((event) => (event.type === 'data' ? [event.report] : []));
    expect(reports.map(({ classes }) => classes.map(({ pixels }) => pixels))).toEqual([
      [1, 2, 1],
      [1, 1, 2],
    ]);
  });

  it('lists the bad files of both data sets, whether headers or pixels tell', async () => {
    const train = await soundDataset(2, 4, 1);
    const validation = await soundDataset(2, 4, 1);
    for (const root of [train, validation])
      await writeFiles(root, { 'masks/a.png': indexMask([9, 9, 9, 9], 4, 1) });
    const both = (await errorOf(checked(train, validation))).message;
    expect(both).toContain(`${train}/masks/a.png has value 9`);
    expect(both).toContain(`${validation}/masks/a.png has value 9`);
    await rm(join(train, 'images/a.png'));
    await writeFiles(validation, { 'images/b.png': '' });
    const early = (await errorOf(checked(train, validation))).message;
    expect(early).toContain(`${train}/masks/a.png has no image`);
    expect(early).toContain(`${validation}/images/b.png is an empty file`);
  });

  it('must show something to learn, which validation need not', async () => {
    const empty = await soundDataset(1, 4, 1);
    await writeFiles(empty, { 'masks/a.png': indexMask([0, 0, 0, 0], 4, 1) });
    const sound = await soundDataset(1, 4, 1);
    expect((await errorOf(checked(empty, sound))).message).toContain('there is nothing to learn');
    expect((await checked(sound, empty)).report.report?.shown).toEqual([[0, 1, 2]]);
  });

  it('leaves images out of validation that are training data as well, under whatever name', async () => {
    const train = await soundDataset(2, 4, 4);
    const validation = await soundDataset(3, 4, 4);
    for (const folder of ['images', 'masks']) {
      await rename(join(validation, folder, 'a.png'), join(validation, folder, 'z.png'));
    }
    const { data, notices, report } = await checked(train, validation);
    expect(data.validationSet?.samples.map(({ id }) => id)).toEqual(['c']);
    expect(report.validationSet?.samples).toHaveLength(1);
    expect(notices).toEqual([expect.stringMatching(/2 of its 3 images .* left out of validation: b, z/)]);
  });

  it('says when both are the same', async () => {
    const root = await soundDataset(1, 4, 1);
    expect((await checked(root, root)).notices).toEqual([
      expect.stringContaining('is also the training data'),
    ]);
  });
});
