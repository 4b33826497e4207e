import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  errorOf,
  indexMask,
  png,
  soundDataset,
  temporaryFolder,
  writeFiles,
} from '../../data/datasets/fixtures.cases.js';
import { formatSplit } from '../../data/index.js';
import type { TrainEvent } from '../../runs/events.js';
import type { TrainType } from '../../templates/index.js';
import type { CompleteConfig } from '../options/train-options.js';
import { openTrainData } from './train-data.js';

async function checked(train: string, validation: string | undefined, type: TrainType = 'Incremental') {
  const config = {
    train_data_roots: train,
    val_data_roots: validation,
    seed: 1,
    output: join(await temporaryFolder(), 'run'),
    use_otx_adapter: false,
  } as CompleteConfig;
  const data = await openTrainData(config, {}, type, undefined, undefined);
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

  it('shows what each class has in both parts of data that was divided', async () => {
    const root = await soundDataset(5, 12, 12);
    await writeFiles(root, { 'masks/a.png': indexMask(new Array(144).fill(0), 12, 12) });
    const { events } = await checked(root, undefined);
    const [split, ...others] = events.flatMap((event) => (event.type === 'split' ? [event.report] : []));
    expect(others).toEqual([]);
    expect(split!.images).toEqual({ train: 4, validation: 1 });
    const tree = split!.classes[2]!;
    expect(tree.train.images + tree.validation.images).toBe(4);
    expect(formatSplit(split!)).toMatch(
      /^division of .*: 4 images to learn from, 1 to validate on\n +class +name +train +images +validation +images\n +0 +background/,
    );
    const own = await checked(root, await soundDataset(1, 12, 12));
    expect(own.events.some(({ type }) => type === 'split')).toBe(false);
  });

  it('reads all images without masks by one range', async () => {
    const root = await temporaryFolder();
    for (const [name, most] of [
      ['a', 700],
      ['b', 4000],
    ] as const) {
      const samples = Array.from({ length: 64 }, (_, i) => Math.floor((most * i) / 63));
      const image = png({ width: 8, height: 8, samples, colorType: 0, depth: 16 });
      await writeFiles(root, { [`${name}.png`]: image });
    }
    const { report, notices } = await checked(root, undefined, 'Selfsupervised');
    const reading = { range: [0, 4095] };
    expect(report.trainSet.imageReading).toEqual(reading);
    expect(report.trainSet.samples.map((sample) => sample.reading)).toEqual([reading, reading]);
    expect(notices.join()).toContain(
      '2 images have unsigned samples from 0 to 4000; 0 to 4095 become 0 to 255',
    );
    const mask = await readFile(report.trainSet.samples[0]!.maskPath, 'latin1');
    expect(mask).toContain('range=0..4095');
  });
});
