/** @file The parts that a report is made of: tables, charts and pictures as HTML. */

import sharp from '../data/images/sharp.js';
import type { ClassInfo } from '../data/index.js';
import { escaped, element as tag } from '../drawing/html.js';
import type { RgbImage } from '../drawing/overlay.js';

/** Longest width of a picture, in pixels: sheets have small print. */
const MOST_WIDTH = 1500;
const QUALITY = 82;

/** A cell: words, or HTML that is made here. */
export type Cell = string | number | undefined | { readonly html: string };

const htmlOf = (cell: Cell): string =>
  typeof cell === 'object' ? cell.html : escaped(cell === undefined ? '' : String(cell));

/** Whether a column is of numbers, which stand to the right. */
const isNumber = (cell: Cell): boolean =>
  typeof cell === 'number' || (typeof cell === 'string' && /^[-+]?[\d.,]+(e[-+]?\d+)?( ±.*| %)?$/.test(cell));

/**
 * A table. Columns of numbers stand to the right.
 *
 * @param head names of the columns; none for pairs of a name and what it is.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  { caption, label }: { readonly caption?: string; readonly label: string },
): string {
  const numbers = new Set(
    (rows[0] ?? []).flatMap((_, at) => {
      const cells = rows
        .map((row) => row[at])
        .filter((cell) => cell !== undefined && cell !== '' && cell !== '–');
      return at > 0 && head.length > 0 && cells.length > 0 && cells.every(isNumber) ? [at] : [];
    }),
  );
  const kind = (at: number): Record<string, string> => (numbers.has(at) ? { class: 'number' } : {});
  const titles = head.map((name, at) => tag('th', { scope: 'col', ...kind(at) }, escaped(name))).join('');
  const body = rows.map((row) =>
    tag(
      'tr',
      {},
      row
        .map((cell, at) =>
          at === 0 ? tag('th', { scope: 'row' }, htmlOf(cell)) : tag('td', kind(at), htmlOf(cell)),
        )
        .join(''),
    ),
  );
  const parts = [
    caption === undefined ? '' : tag('caption', {}, escaped(caption)),
    head.length > 0 ? tag('thead', {}, tag('tr', {}, titles)) : '',
    tag('tbody', {}, body.join('\n')),
  ];
  // What is wider than a screen is moved by arrow keys too.
  return tag(
    'div',
    { class: 'wide', tabindex: '0', role: 'region', 'aria-label': label },
    tag('table', {}, parts.join('')),
  );
}

/** A class with its colour. */
export const classCell = ({ name, color }: ClassInfo): Cell => ({
  html: tag('span', { class: 'swatch', style: `background:rgb(${color.join()})` }) + escaped(name),
});

/** A number with a bar of its share, 0 to 1. */
export function barCell(share: number, text: string): Cell {
  const width = (6 * Math.min(Math.max(share, 0), 1)).toFixed(2);
  return { html: `${tag('span', { class: 'bar', style: `width:${width}em` })} ${escaped(text)}` };
}

/** A drawing on paper of its own. @param body SVG */
export function chart(
  body: string,
  { width, height }: { readonly width: number; readonly height: number },
  label: string,
): string {
  const attributes = {
    viewBox: `0 0 ${width} ${height}`,
    width: String(width),
    role: 'img',
    'aria-label': label,
  };
  return tag('div', { class: 'chart' }, tag('svg', attributes, body));
}

/** A section with a place for links. */
export const section = (id: string, title: string, content: string): string =>
  tag('section', { id, 'aria-label': title }, tag('h2', {}, escaped(title)) + content);

export const paragraph = (text: string, isQuiet = false): string =>
  tag('p', isQuiet ? { class: 'quiet' } : {}, escaped(text));

/** @param source a data URL. */
export const figure = (source: string, caption: string): string =>
  tag('figure', {}, tag('img', { src: source, alt: caption }) + tag('figcaption', {}, escaped(caption)));

/** The picture as a data URL, small enough for mail. @throws Error where it is none */
export async function dataUrl(picture: RgbImage | Uint8Array): Promise<string> {
  const opened =
    picture instanceof Uint8Array
      ? sharp(picture)
      : sharp(picture.data, { raw: { width: picture.width, height: picture.height, channels: 3 } });
  const bytes = await opened
    .resize({ width: MOST_WIDTH, withoutEnlargement: true })
    .webp({ quality: QUALITY })
    .toBuffer();
  return `data:image/webp;base64,${bytes.toString('base64')}`;
}
