/** @file SVG as text, element by element: names and figures of any kind end up as words on the picture, never as markup. */

import { printableLine } from '../base/text.js';

export const FONT = 'Helvetica, Arial, DejaVu Sans, sans-serif';

const MARKUP = /[&<>"']/g;

/** Text for between tags or inside an attribute. */
export function svgText(text: string): string {
  return printableLine(text).replace(MARKUP, (character) => `&#${character.charCodeAt(0)};`);
}

/** One element. Attributes without a value are left out; numbers are rounded to what can be seen. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  content = '',
): string {
  const written = Object.entries(attributes).map(([key, value]) => {
    if (value === undefined) return '';
    return ` ${key}="${typeof value === 'number' ? Number(value.toFixed(2)) : svgText(value)}"`;
  });
  return `<${name}${written.join('')}${content === '' ? '/>' : `>${content}</${name}>`}`;
}

/** A whole file. */
export function svgFile(width: number, height: number, body: string): Buffer {
  const attributes = { xmlns: 'http://www.w3.org/2000/svg', width, height, 'font-family': FONT };
  return Buffer.from(element('svg', attributes, body));
}
