/** @file docs/recipes.md against the rules: its tables are what comes of them. A failure prints what is to stand there. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type SettingOptions, settings } from '../../settings/index.js';
import { loadTemplate } from '../template.js';
import type { TrainType } from '../train-types.js';
import { followRecipe } from './recipe.js';
import { RULES } from './rules.js';
import type { RecipeFacts } from './situation.js';

const page = readFileSync(new URL('../../../docs/recipes.md', import.meta.url), 'utf8');

interface Column extends Partial<RecipeFacts> {
  readonly title: string;
  readonly template?: string;
  readonly trainType?: TrainType;
  readonly asked?: SettingOptions;
}

const CAMVID = { images: 120, side: Math.sqrt(480 * 360) };

function follow({ template = 'Lite-HRNet-s-mod2', trainType = 'Incremental', asked = {}, ...facts }: Column) {
  return followRecipe(
    {
      ...{ recipe: 'auto', template: loadTemplate(template), trainType, isOwnModel: false },
      asked: settings.toGroups(asked),
    },
    { start: 'embedded', ...CAMVID, ...facts },
  );
}

const ALL = [...new Set(Object.values(RULES).flatMap((rules) => rules.map(({ name }) => name)))];

function table(columns: readonly Column[]): string {
  const filled = columns.map((column) => settings.toFlat(follow(column).settings));
  const rows = ALL.map((name) => {
    const entry = settings.entries.find(({ key }) => key === name);
    return [`\`${entry?.name}\``, ...filled.map((values) => String(values[name]))];
  });
  const head = ['', ...columns.map(({ title }) => title)];
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return lines.join('\n');
}

test('the table by start, number and size of images, and network', () => {
  expect(page).toContain(
    table([
      { title: 'ImageNet', start: 'imagenet' },
      { title: 'embedded or random, 24 images of 480x360', images: 24 },
      { title: '120 of 480x360' },
      { title: '1000 of 1920x1080', images: 1000, side: Math.sqrt(1920 * 1080) },
      { title: 'given weights, 120', start: 'weights' },
      { title: 'SegNeXt, 120', template: 'SegNext-t' },
    ]),
  );
});

test('the table by way of training', () => {
  expect(page).toContain(
    table([
      { title: 'supervised' },
      { title: 'SupCon', asked: { contrastive: true } },
      { title: 'mean teacher', trainType: 'Semisupervised' },
      { title: 'UniMatch', trainType: 'Semisupervised', asked: { semiMethod: 'unimatch' } },
      { title: 'self-supervised', trainType: 'Selfsupervised' },
    ]),
  );
});

test('the reasons', () => {
  const reasons = follow({ title: '' }).values.map(({ name, value, reason }) => {
    const entry = settings.entries.find(({ key }) => key === name);
    return `| \`${entry?.name}\` | ${value} | ${reason} |`;
  });
  expect(page).toContain(reasons.join('\n'));
});
