import { expect, test } from 'vitest';
import { settingsSchema } from './settings-schema.js';

test('the schema of a template tells its defaults', () => {
  const { title, properties, ...schema } = settingsSchema('SegNext-t') as Record<string, unknown> & {
    properties: Record<string, { default: unknown }>;
  };
  expect(title).toBe('Settings of a training of SegNext-t');
  expect(schema).toEqual({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    additionalProperties: false,
  });
  expect(properties.epochs?.default).toBe(170);
  expect(properties.optimizer?.default).toBe('adamw');
  expect(settingsSchema()).toMatchObject({
    title: 'Settings of a training',
    properties: { epochs: { default: 300 } },
  });
  expect(() => settingsSchema('none')).toThrow(/unknown template "none"/);
});
