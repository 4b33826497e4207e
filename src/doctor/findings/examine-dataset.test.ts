import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateScenes } from '../../demo/generate.js';
import { type DatasetExamination, examineDataset, type Finding } from './examine-dataset.js';
import { FAULTS, isAbout, type PlantedFault, writeFaultyScenes } from './plant-faults.cases.js';

const SIZE = { width: 240, height: 192 } as const;
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'otx-findings-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const namesOf = ({ images }: Finding) => images.map(({ subset, name }) => `${subset}/${name}`);

describe.each([1, 2])('scenes with a fault of each kind, seed %i', (seed) => {
  let planted: PlantedFault[];
  let examined: DatasetExamination;
  beforeAll(async () => {
    const data = join(root, `faulty-${seed}`);
    planted = await writeFaultyScenes(data, { ...SIZE, train: 90, val: 20, seed });
    examined = await examineDataset({ data, output: join(root, `found-${seed}`), page: true });
  });

  test.each(Object.keys(FAULTS))('%s is found', (fault) => {
    const wanted = planted.find((each) => each.fault === fault)!;
    expect(examined.findings.filter((finding) => isAbout(finding, wanted))).toHaveLength(1);
  });

  test('hardly anything else is', () => {
    const others = examined.findings.filter((finding) => !planted.some((fault) => isAbout(finding, fault)));
    expect(others.map((finding) => [finding.kind, ...namesOf(finding), finding.message])).toEqual([]);
  });

  test('the page shows them, and the list has them', async () => {
    const { list, page } = examined.files;
    expect(JSON.parse(await readFile(list!, 'utf8')).findings).toEqual(examined.findings);
    const html = await readFile(page!, 'utf8');
    for (const { title } of examined.findings) expect(html).toContain(title);
    expect(html.match(/<img src="data:image\/jpeg;base64,/g)!.length).toBeGreaterThan(
      examined.findings.length / 2,
    );
    expect(html).not.toContain('undefined');
  });
});

test('nothing is found in scenes without a fault', async () => {
  const data = join(root, 'clean');
  await generateScenes(data, { ...SIZE, train: 60, val: 15, seed: 7 });
  expect((await examineDataset({ data })).findings).toEqual([]);
});
