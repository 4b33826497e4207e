import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { OtxError, option } from '../base/errors.js';
import { settingNames } from '../settings/index.js';
import { optionNames } from './option-names.js';

test('errors of the API name flags as they are typed', () => {
  const error = new OtxError(
    'usage',
    `missing ${option('validationData')} for ${option('algo_backend.train_type')}`,
  );
  expect(error.messageWith(optionNames(['train']))).toBe('missing --val-data-roots for --train-type');
  expect(error.messageWith(optionNames(['train'], ['--algo_backend.train_type', 'x']))).toBe(
    'missing --val-data-roots for --algo_backend.train_type',
  );
  const name = optionNames(['train', '--no-pretrained']);
  expect(name('learning_parameters.batch_size')).toBe('--learning_parameters.batch_size');
  expect(name('pretrained')).toBe('--no-pretrained');
  expect(name('colours')).toBe('colours');
});

test('every option that an error mentions has a name on the command line', () => {
  const source = fileURLToPath(new URL('..', import.meta.url));
  const files = (readdirSync(source, { recursive: true }) as string[]).filter((file) =>
    /(?<!\.test)\.ts$/.test(file),
  );
  const mentioned = files.flatMap((file) =>
    [...readFileSync(join(source, file), 'utf8').matchAll(/\boption\('([^']+)'\)/g)].map(([, name]) => name!),
  );
  expect(new Set(mentioned).size).toBeGreaterThan(8);
  const name = optionNames(['train']);
  for (const option of mentioned) {
    const [group = '', setting] = option.split('.');
    if (setting !== undefined) expect(settingNames(group)).toContain(setting);
    else expect(name(option)).toMatch(/^(--|template$)/);
  }
});
