import { describe, expect, test } from 'vitest';
import { parseSetting } from './describe-settings.js';

const parse = (name: string, text: string) => () => parseSetting(name, text);

test('a seed is a 32-bit number', () => {
  expect(parseSetting('seed', '0')).toBe(0);
  for (const text of ['-1', '1.5', 'x', '', '4294967296', '1e3'])
    expect(parse('seed', text)).toThrow(/^seed is ".*"; allowed is an integer from 0 to 4294967295$/);
});

test('threads are as many as machines have', () => {
  expect(parseSetting('threads', '8')).toBe(8);
  for (const text of ['0', '-1', '2000', 'all'])
    expect(parse('threads', text)).toThrow(/a number of threads from 1/);
});

describe('durations', () => {
  test.each([
    ['90s', 90],
    ['30m', 1800],
    ['1.5h', 5400],
    ['.5m', 30],
  ])('%s are %i seconds', (text, seconds) => {
    expect(parseSetting('timeBudgetSeconds', text)).toBe(seconds);
  });

  test.each(['30', '0s', '-1m', 'm', '1d', '', `${'9'.repeat(400)}s`])('"%s" is none', (text) => {
    expect(parse('timeBudgetSeconds', text)).toThrow(/90s, 30m or 1\.5h/);
  });
});

test('checkpoints come every few steps or every few minutes', () => {
  expect(parseSetting('checkpointInterval', '100')).toEqual({ steps: 100 });
  expect(parseSetting('checkpointInterval', '5m')).toEqual({ seconds: 300 });
  for (const text of ['0', '1.5', 'often', '9'.repeat(20)])
    expect(parse('checkpointInterval', text)).toThrow(/after a number of steps/);
});

test('settings are parsed alike, and an unknown one is told', () => {
  expect(parseSetting('epochs', '30')).toBe(30);
  expect(parseSetting('trainType', 'incremental')).toBe('Incremental');
  expect(parse('epochs', '0')).toThrow(/learning_parameters\.num_iters is "0"; allowed is/);
  expect(parse('colours', '0')).toThrow('there is no setting "colours"');
});
