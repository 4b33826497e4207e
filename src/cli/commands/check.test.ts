import { access, cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import sharp from '../../data/images/sharp.js';
import { generateScenes } from '../../demo/generate.js';
import { otx } from '../terminal.cases.js';
import { pilotSeconds } from './check-parts.js';

const [TRAIN, VAL] = [8, 3];
let folder: string;
let data: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-check-'));
  data = join(folder, 'data');
  await generateScenes(data, { train: TRAIN, val: VAL, width: 64, height: 48 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a data set is looked at and planned for, and its labels are compared with what the pilot has learned', {
  timeout: 120_000,
}, async () => {
  const output = join(folder, 'check');
  const words = ['check', data, '-o', output, '--template', 'Lite-HRNet-s-mod2', '--threads', '1'];
  const printed = await otx(...words, '--time-budget', '30m', '--pilot', '2', '--html');
  expect(printed).toMatch(/findings: .* in 11 images/);
  const files = ['findings.json', 'findings.html'].map((file) => readFile(join(output, file), 'utf8'));
  const [list, page] = await Promise.all(files);
  expect(JSON.parse(list!).subsets).toEqual([
    { name: 'train', images: TRAIN },
    { name: 'val', images: VAL },
  ]);
  expect(page).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
  expect(printed).toMatch(/train data .*: 8 images/);
  expect(printed).toMatch(/inputSize +64x64/);
  // The data set has validation data.
  expect(printed).not.toContain('valShare');
  expect(printed).toMatch(/over \d steps?: [\d.]+ s a step/);
  expect(printed).toMatch(/A pilot at 64x64 reached a mean Dice of 0\.\d{3} with \d+ steps?/);
  expect(printed).toMatch(/cone/);

  const plan = join(output, 'plan.yaml');
  const config = parse(await otx('train', '--config', plan, '--print-config'));
  expect(config).toMatchObject({ template: 'Lite-HRNet-s-mod2', train_data_roots: data, time_budget: 1800 });
  expect(config.hyper_parameters.learning_parameters).toMatchObject({ input_size: '64x64', batch_size: 8 });

  const labels = join(folder, 'labels');
  const ranked = await otx('check', data, '--load-weights', join(output, 'pilot'), '-o', labels);
  const [head, ...rows] = (await readFile(join(labels, 'suspect_labels.csv'), 'utf8')).trim().split('\n');
  expect(head).toBe('image,subset,score,share,label,model,share of both');
  const cells = rows.map((row) => row.split(','));
  expect(cells.map(([, subset]) => subset).sort()).toEqual([
    ...new Array(TRAIN).fill('train'),
    ...new Array(VAL).fill('val'),
  ]);
  const scores = cells.map(([, , score]) => Number(score));
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  expect(scores[0]).toBeGreaterThan(0);
  const [name, subset, , share, label, model] = cells[0] as string[];
  expect(ranked).toContain(
    `  1  ${subset}/${name}: ${(100 * Number(share)).toFixed(1)} %, mostly ${label} that looks like ${model}`,
  );
  const picture = await sharp(join(labels, 'suspect_labels', `001-${name}.png`)).metadata();
  expect([picture.format, picture.width! > 3 * 64]).toEqual(['png', true]);
});

test('bad files do not hide what is wrong with the others, and stop the plan', async () => {
  const bad = join(folder, 'bad');
  await cp(data, bad, { recursive: true });
  const file = (...names: string[]) => join(bad, 'train', ...names);
  await truncate(file('images', 'scene-0002.jpg'), 500);
  await rm(file('masks', 'scene-0003.png'));
  for (const kind of ['images', 'masks'] as const) {
    const ending = kind === 'images' ? 'jpg' : 'png';
    await cp(file(kind, `scene-0004.${ending}`), file(kind, `scene-0005.${ending}`));
  }
  const output = join(folder, 'bad-check');
  await expect(otx('check', bad, '-o', output)).rejects.toThrow(
    'no plan is made: 2 files (above) cannot be used',
  );
  const { findings } = JSON.parse(await readFile(join(output, 'findings.json'), 'utf8'));
  const found = (kind: string) => findings.filter((finding: { kind: string }) => finding.kind === kind);
  expect(
    found('unusable')
      .map(({ message }: { message: string }) => /scene-\d+/.exec(message)![0])
      .sort(),
  ).toEqual(['scene-0002', 'scene-0003']);
  expect(found('duplicate')[0].images.map(({ name }: { name: string }) => name)).toEqual([
    'scene-0004',
    'scene-0005',
  ]);
  await expect(access(join(output, 'plan.yaml'))).rejects.toThrow('ENOENT');
});

test('a list names the images that are looked at', async () => {
  const weights = join(folder, 'check', 'pilot');
  const list = join(folder, 'list.txt');
  await writeFile(list, 'scene-0002\nimages/scene-0003.jpg\n');
  const output = join(folder, 'listed');
  await otx('check', join(data, 'train'), '--load-weights', weights, '--list', list, '-o', output);
  const rows = (await readFile(join(output, 'suspect_labels.csv'), 'utf8')).trim().split('\n').slice(1);
  expect(rows.map((row) => row.split(',')[0]).sort()).toEqual(['scene-0002', 'scene-0003']);
});

test('flags that would be passed over are refused', async () => {
  await expect(otx('check', data, '--load-weights', 'a', '--val-data-roots', 'b')).rejects.toThrow(
    '--val-data-roots has no use beside --load-weights',
  );
  await expect(otx('check', data, '--list', 'a')).rejects.toThrow('--list has no use without --load-weights');
});

test('a pilot takes a time, and two minutes without one', async () => {
  expect(['true', '5m', '90', '1.5m', 'false'].map(pilotSeconds)).toEqual([120, 300, 90, 90, undefined]);
  for (const none of ['soon', '0', '-5']) expect(() => pilotSeconds(none)).toThrow('expected a time');
  // Before and behind the data.
  const missing = join(folder, 'missing');
  for (const words of [
    ['--pilot', '5', missing],
    [missing, '--pilot'],
    ['--pilot', missing],
    [missing, '--pilot=5'],
  ]) {
    await expect(otx('check', ...words)).rejects.toThrow(/missing does not exist/);
  }
});
