/** @file Comments in YAML: lines above a key that say why its value is this one, written and read back. */

import { type Document, isMap, type Node, parseDocument, type Scalar } from 'yaml';

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

/** What comments of a text say: the paragraph above everything, and that above each key, by its path with dots. */
export function commentsIn(text: string): {
  readonly head: string;
  readonly reasons: ReadonlyMap<string, string>;
} {
  const reasons = new Map<string, string>();
  const document = parseDocument(text, { logLevel: 'error', uniqueKeys: false });
  const look = (node: unknown, path: readonly string[]): void => {
    if (!isMap(node) || path.length > DEEPEST_KEY) return;
    for (const [at, { key, value }] of node.items.entries()) {
      const here = [...path, String((key as Scalar).value)];
      // That of the first key belongs to its map, as it is read back.
      const comment = (key as Node).commentBefore ?? (at === 0 ? node.commentBefore : undefined);
      if (comment) reasons.set(here.join('.'), onOneLine(comment));
      look(value, here);
    }
  };
  look(document.contents, []);
  return { head: onOneLine(document.commentBefore ?? ''), reasons };
}

/** Of a configuration. */
const DEEPEST_KEY = 4;

const onOneLine = (comment: string): string =>
  comment
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
    .trim();
