/**
 * @file Adding an option of a training touches one place: with one entry more in the record it is in flags and help, in
 * configuration files, in checks of the API, in what a resumed run takes, and in the JSON Schema. Settings behind `params`
 * have a test of their own beside their record.
 */
import { Command } from 'commander';
import { expect, expectTypeOf, test } from 'vitest';
import { checkOptions } from '../src/base/check-options.js';
import { addSettingFlags, typedOptions } from '../src/cli/setting-flags.js';
import { configShapeOf } from '../src/runs/run-config.js';
import { describeAll, parseOption } from '../src/settings/describe-settings.js';
import { settings } from '../src/settings/index.js';
import { count } from '../src/settings/run-kinds.js';
import type { RunFileValuesOf, RunOptionRecord, RunValuesOf } from '../src/settings/run-option.js';
import { runOptions } from '../src/settings/run-options.js';
import { createRunVocabulary } from '../src/settings/run-vocabulary.js';
import { checkSameConfig } from '../src/training/resume/interrupted-run.js';

const enlarged = {
  ...runOptions,
  niceness: {
    ...count({ min: 0, max: 19 }),
    file: 'niceness',
    flag: '--niceness <number>',
    onResume: 'fixed',
    description: 'how far the process gives way to others',
  },
} as const satisfies RunOptionRecord;
const more = createRunVocabulary(enlarged);
const described = describeAll(settings.defaults, more);

test('its type is that of its schema', () => {
  expectTypeOf<RunValuesOf<typeof enlarged>['niceness']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<RunFileValuesOf<typeof enlarged>['niceness']>().toEqualTypeOf<number | undefined>();
});

/** The values of a command line, or its help. */
async function commandOf(...words: string[]): Promise<Record<string, unknown>> {
  const parse = (name: string, text: string) =>
    parseOption(more.entries.find(({ key }) => key === name)!, text);
  const command = addSettingFlags(new Command('train').exitOverride(), described, { parse });
  command.configureOutput({ writeErr: () => undefined }).action(() => undefined);
  await command.parseAsync(words, { from: 'user' });
  return { ...typedOptions(command.opts(), described), help: command.helpInformation() };
}

test('it has a flag with help, whose text is checked', async () => {
  expect(await commandOf('--niceness', '5')).toMatchObject({ niceness: 5 });
  expect((await commandOf()).help).toMatch(/--niceness <number> +how far the process gives way to others/);
  await expect(commandOf('--niceness', '20')).rejects.toThrow(
    "option '--niceness <number>' argument '20' is invalid. expected an integer from 0 to 19",
  );
});

test('files have it, under their own name and checked', () => {
  const schema = configShapeOf(more).partial();
  expect(schema.parse({ niceness: 3 })).toEqual({ niceness: 3 });
  expect(schema.safeParse({ niceness: 'much' }).success).toBe(false);
  expect(configShapeOf(createRunVocabulary(runOptions)).partial().safeParse({ niceness: 3 }).success).toBe(
    false,
  );
  expect(more.toConfig({ niceness: 3, output: 'x' }, (path) => `/${path}`)).toEqual({
    niceness: 3,
    output: '/x',
  });
  expect(more.fromConfig({ niceness: 3 })).toEqual({ niceness: 3 });
});

test('the API takes it, and nothing of another type or range', () => {
  expect(() => checkOptions('train()', { niceness: 3 }, more.kinds)).not.toThrow();
  expect(() => checkOptions('train()', { niceness: '3' }, more.kinds)).toThrow('expected a number');
  expect(() => more.check({ niceness: 20 })).toThrow('niceness is 20; allowed is an integer from 0 to 19');
});

test('a run goes on with the one it began with', () => {
  const config = { template: 'T', seed: 1, hyper_parameters: {}, niceness: 3 };
  expect(() => checkSameConfig('run', config, { niceness: 3 } as never, more)).not.toThrow();
  expect(() => checkSameConfig('run', config, { niceness: 4 } as never, more)).toThrow(
    'cannot go on with niceness 4, the run began with 3',
  );
});

test('the JSON Schema and the description of all settings tell it', () => {
  expect(more.jsonProperties().niceness).toMatchObject({
    type: 'integer',
    minimum: 0,
    maximum: 19,
    description: 'how far the process gives way to others',
    'x-file': 'niceness',
    'x-flag': '--niceness',
    'x-onResume': 'fixed',
  });
  expect(described.find(({ name }) => name === 'niceness')).toMatchObject({ longFlag: '--niceness' });
});
