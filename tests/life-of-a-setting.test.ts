/** @file docs/life-of-a-setting.md against the code: its rooms, and whatever it names, are there, and no other file is on the way. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const page = readFileSync(join(ROOT, 'docs', 'life-of-a-setting.md'), 'utf8');
const MOST_ROOMS = 8;

const rooms = page
  .split(/^## (?=\d+\. )/m)
  .slice(1)
  .map((section) => ({
    heading: section.split('\n')[0]!,
    /** The room, and what it asks. */
    files: [...section.split(/^## /m)[0]!.matchAll(/`(src\/[^`]+)`/g)].map(([, file]) => file!),
    /** Names of functions, without those of files, of settings in files, and of values. */
    names: [...section.split(/^## /m)[0]!.matchAll(/`([a-z][A-Za-z]+)`/g)].map(([, name]) => name!),
  }));

const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** A file without its comments. */
const codeOf = (file: string): string =>
  textOf(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '');

test('the way has at most eight rooms', () => {
  expect(rooms.length).toBeLessThanOrEqual(MOST_ROOMS);
  expect(rooms.map(({ heading }) => Number.parseInt(heading, 10))).toEqual(
    rooms.map((_, index) => index + 1),
  );
});

test('every file that the page names is there', () => {
  const files = [...page.matchAll(/`(src\/[^`]+\.ts)`/g)].map(([, file]) => file!);
  expect(files.length).toBeGreaterThan(MOST_ROOMS);
  expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

test.each(rooms)('$heading has what the page says of it', ({ files, names }) => {
  const code = files.map(codeOf).join('\n');
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([]);
});

const doors = [
  ...page
    .split(/^## Doors$/m)[1]!
    .split(/\n\n(?=To add)/)[0]!
    .matchAll(/`(src\/[^`]+)`/g),
].map(([, file]) => file!);

/** Arithmetic with the learning rate, or a comparison. */
const LOOK = /\blearning_?[rR]ate\b\s*([-*/+%<>]|[!=]==)|[-*/+%<]\s*[\w.]*\blearning_?[rR]ate\b/;

test('the nine doors pass it on, and do nothing with it', () => {
  expect(LOOK.test(codeOf('src/optim/adam.ts'))).toBe(true);
  expect(LOOK.test('regular = 2 * options.learningRate')).toBe(true);
  expect(doors).toHaveLength(9);
  expect(doors.filter((file) => LOOK.test(codeOf(file)))).toEqual([]);
});

/** Others that name the learning rate: what tells it, what else it is compared with, and ways of training, recipes, searches, fine-tuning and browsers besides. */
const BESIDE_THE_WAY = [
  'src/cli/commands/optimize.ts',
  'src/cli/commands/tune.ts',
  'src/cli/option-names.ts',
  'src/cli/progress.ts',
  'src/cli/quickstart/quickstart.ts',
  'src/doctor/plan/choose-values.ts',
  'src/doctor/plan/time-training.ts',
  'src/drawing/charts/results.ts',
  'src/export/quantization/fine-tune.ts',
  'src/export/quantization/optimize-options.ts',
  'src/methods/detcon.ts',
  'src/methods/mean-teacher.ts',
  'src/methods/method.ts',
  'src/methods/supcon.ts',
  'src/methods/unimatch.ts',
  'src/optim/schedules/plateau.ts',
  'src/reports/kinds/tensorboard.ts',
  'src/runs/events.ts',
  'src/runs/history.ts',
  'src/studies/search/space.ts',
  'src/studies/search/tune.ts',
  'src/studio/pages/run-types.ts',
  'src/templates/recipes/rules.ts',
  'src/templates/train-types.ts',
  'src/training/numeric-errors.ts',
  'src/training/prepare/batch-size.ts',
  'src/training/resume/extend-run.ts',
  'src/web-page/pages/store.ts',
  'src/web-page/pages/types.ts',
  'src/web-training/events.ts',
  'src/web-training/resume.ts',
  'src/web-training/settings.ts',
  'src/web-training/templates.ts',
  'src/web-training/train.ts',
];

test('nothing else has to do with the learning rate', () => {
  const files = (readdirSync(join(ROOT, 'src'), { recursive: true }) as string[])
    .map((file) => `src/${file.split(sep).join('/')}`)
    .filter((file) => /(?<!\.test|\.cases)\.ts$/.test(file));
  const naming = files.filter((file) => /\blearning_rate\b|\blearningRate\b/.test(codeOf(file)));
  expect(naming.length).toBeGreaterThan(MOST_ROOMS);
  expect(naming.filter((file) => !page.includes(`\`${file}\``) && !BESIDE_THE_WAY.includes(file))).toEqual(
    [],
  );
  expect(BESIDE_THE_WAY.filter((file) => !naming.includes(file))).toEqual([]);
});
