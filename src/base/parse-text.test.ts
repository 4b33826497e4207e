import { expect, test } from 'vitest';
import { parseJson } from './parse-json.js';
import { parseYaml } from './parse-text.js';

const MILLISECONDS = 5000;

test('ordinary texts are parsed', () => {
  const value = { a: [1, { b: '[[[ {{{ \\" not a bracket' }], c: null };
  expect(parseJson(`\uFEFF${JSON.stringify(value)}`)).toEqual(value);
  expect(parseYaml('---\na: [1, "x]"]\n# note\nb:\n  - c: yes it is\n  - &d {e: 1}\n  - *d\n')).toEqual({
    a: [1, 'x]'],
    b: [{ c: 'yes it is' }, { e: 1 }, { e: 1 }],
  });
  expect(parseYaml('')).toBeNull();
});

test('nesting beyond all reason is refused at once, in both languages', () => {
  for (const [open, close] of ['[]', '{}'].map((pair) => [...pair]) as [string, string][]) {
    const deep = open.repeat(100_000) + close.repeat(100_000);
    expect(() => parseJson(deep)).toThrow('nests more than 64 levels');
    expect(() => parseYaml(deep)).toThrow('nests more than 64 levels');
  }
  expect(() => parseYaml('- '.repeat(1000))).toThrow('nests more than 64 levels');
  expect(() => parseYaml('? '.repeat(1000))).toThrow('nests more than 64 levels');
  const stairs = Array.from({ length: 600 }, (_, level) => `${' '.repeat(level)}a:`).join('\n');
  expect(() => parseYaml(stairs)).toThrow('nests more than 64 levels');
});

test('aliases of aliases, repeated keys and many keys cost nothing', { timeout: MILLISECONDS }, () => {
  const letters = [...'abcdefghij'];
  const laughs = letters.map((letter, i) => {
    const before = letters[i - 1];
    return `${letter}: &${letter} [${Array(9)
      .fill(before ? `*${before}` : 'x')
      .join(', ')}]`;
  });
  expect(() => parseYaml(laughs.join('\n'))).toThrow(/alias/i);
  expect(() => parseYaml('a: 1\nb: 2\na: 3\n')).toThrow('it has the key a twice');
  const keys = Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n');
  expect(Object.keys(parseYaml(keys) as object)).toHaveLength(20_000);
});

test('a key named like the prototype is a key', () => {
  expect(Object.keys(parseYaml('__proto__: {polluted: 1}') as object)).toEqual(['__proto__']);
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
});
