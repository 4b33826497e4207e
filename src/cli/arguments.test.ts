import { describe, expect, test } from 'vitest';
import { checkHyperParameters } from '../settings/index.js';
import { loadTemplate } from '../templates/index.js';
import { onlyParams, paramsHelp, parseParams, splitParams } from './arguments.js';

describe('params', () => {
  test('are cut off at the word params', () => {
    expect(splitParams(['train', 'T', '-o', 'x', 'params', '--a.b', '1'])).toEqual({
      command: ['train', 'T', '-o', 'x'],
      params: ['--a.b', '1'],
    });
    expect(splitParams(['find'])).toEqual({ command: ['find'], params: undefined });
    expect(splitParams(['train', 'T', 'params'])).toEqual({ command: ['train', 'T'], params: [] });
  });

  test('a folder named params is a folder', () => {
    expect(splitParams(['train', 'T', '-o', 'params', '--seed', '1'])).toEqual({
      command: ['train', 'T', '-o', 'params', '--seed', '1'],
      params: undefined,
    });
  });

  test('follow options with and without a value', () => {
    for (const before of [['--pretrained'], ['--no-pretrained'], ['-o', 'params']]) {
      expect(splitParams(['train', 'T', ...before, 'params', '--a.b', '1'])).toEqual({
        command: ['train', 'T', ...before],
        params: ['--a.b', '1'],
      });
    }
    expect(splitParams(['train', 'T', '--pretrained', 'params', '--help'])).toMatchObject({
      params: ['--help'],
    });
  });

  test.each([
    [['train', 'T', '--learning_parameters.num_iters', '3']],
    [['train', 'T', '--l.n=3', 'params', '--l.m', '3']],
  ])('%j says that settings come behind the word params', (argv) => {
    expect(() => splitParams(argv)).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(() => splitParams(argv)).toThrow(/behind the word params: params --l/);
  });

  test('take their values behind a space or an equals sign', () => {
    expect(parseParams(['--l.lr', '1e-3', '--l.n=4', '--g.text=a=b'])).toEqual({
      l: { lr: '1e-3', n: '4' },
      g: { text: 'a=b' },
    });
    expect(parseParams(['--l.x', '-1'])).toEqual({ l: { x: '-1' } });
  });

  test.each([
    [['3'], /found "3"; expected --<group>.<name> value/],
    [['--batch_size', '3'], /found "--batch_size".*; did you mean --learning_parameters\.batch_size\?$/],
    [['--size_of_batch', '3'], /expected --<group>\.<name> value$/],
    [['--l.lr'], /--l\.lr needs a value/],
    [['--l.lr', '--l.n', '3'], /--l\.lr needs a value/],
    [['--l.n', '3', '--l.n=4'], /--l\.n is given twice/],
  ])('%j is a usage error', (words, message) => {
    expect(() => parseParams(words)).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(() => parseParams(words)).toThrow(message);
  });

  test('that a command would ignore are refused', () => {
    const texts = { learning_parameters: { learning_rate: '1' } };
    expect(() => onlyParams(texts, ['learning_parameters.input_size'], 'export')).toThrow(
      /learning_rate has no effect on otx export; it takes learning_parameters\.input_size/,
    );
    expect(onlyParams(texts, ['learning_parameters.learning_rate'], 'x')).toBe(texts);
  });

  test('are listed with type, default and range', () => {
    const help = paramsHelp(loadTemplate('Lite-HRNet-s-mod2'), undefined, 1000);
    expect(help).toMatch(/--learning_parameters\.batch_size <integer>\n.*\n +default 8; min 1, max 512/);
    expect(help).toMatch(/input_size <size>\n.*\n +default Default; Default, Auto, 256x256/);
    const narrow = paramsHelp(loadTemplate('Lite-HRNet-s-mod2'), undefined, 80);
    for (const line of narrow.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(narrow.replace(/\s+/g, ' ')).toBe(help.replace(/\s+/g, ' '));
  });
});

test.each(['__proto__', 'constructor', 'toString'])(
  'a setting called %s is a setting like any other',
  (name) => {
    const texts = parseParams([`--${name}.${name}`, '1', `--learning_parameters.${name}`, '2']);
    expect(Object.keys(texts)).toEqual([name, 'learning_parameters']);
    expect(() => checkHyperParameters(texts)).toThrow(`unknown parameter ${name}.${name}`);
  },
);
