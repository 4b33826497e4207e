/** @file HTML as text: names of files and classes end up as words on the page, never as markup. */

import { svgText } from './svg.js';

/** Text for between tags. */
export const escaped = svgText;

/** Elements without content. */
const VOID = ['img'];

/** One element. @param content HTML */
export function element(name: string, attributes: Readonly<Record<string, string>>, content = ''): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  return `<${name}${written.join('')}>${VOID.includes(name) ? '' : `${content}</${name}>`}`;
}
