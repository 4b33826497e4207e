import { expect, test } from 'vitest';
import { element, svgFile, svgText } from './svg.js';

test('text is never markup', () => {
  expect(svgText(`<b a="1">&'`)).toBe('&#60;b a=&#34;1&#34;&#62;&#38;&#39;');
  expect(element('a', { b: '"><x>' })).toBe('<a b="&#34;&#62;&#60;x&#62;"/>');
});

test('characters that XML forbids are written as escapes', () => {
  expect(svgText('a\u001b[2J\u0000\nb')).toBe('a\\u001b[2J\\u0000\\u000ab');
});

test('attributes without a value are left out, numbers rounded', () => {
  expect(element('g', { x: 1 / 3, y: undefined, z: 2 }, '<i/>')).toBe('<g x="0.33" z="2"><i/></g>');
  expect(svgFile(2, 1, '<i/>').toString()).toMatch(/^<svg xmlns=.* width="2" height="1" .*<i\/><\/svg>$/);
});
