/** @file Comments in YAML: lines above a key that say why its value is this one. */

import { type Document, isMap, type Node, type Scalar } from 'yaml';

const COLUMNS = 110;

/** Puts a text above the key at the end of a path, which must be there to get one. */
export function commentAbove(document: Document, path: readonly string[], text: string): void {
  const parent = document.getIn(path.slice(0, -1)) ?? document.contents;
  const items = isMap(parent) ? parent.items : [];
  // Comments of YAML belong to the key behind them.
  const at = items.findIndex(({ key }) => (key as Scalar).value === path.at(-1));
  const key = items[at]?.key as Node | undefined;
  if (!key) return;
  key.commentBefore = commentLines([text], COLUMNS - 2 * path.length);
  key.spaceBefore = at > 0;
}

/** Paragraphs as the text of a comment, whose sign in front is that of YAML. */
export function commentLines(paragraphs: readonly string[], columns = COLUMNS): string {
  return paragraphs.flatMap((text) => wrapped(text, columns)).join('\n');
}

function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? ` ${word}` : `${line} ${word}`;
  }
  return [...lines, line];
}
