/** @file JSON from files that may have been made to do harm: deep nesting is refused at once. */

/** Levels of the deepest file that anything here writes, several times over. */
export const DEEPEST = 64;
export const TOO_DEEP = `it nests more than ${DEEPEST} levels`;

/** The value of a text that anybody may have written: nesting without end is refused, a mark of the byte order is passed over. @throws Error saying what is wrong, without the name of the file. */
export function parseJson(text: string): unknown {
  checkNesting(text);
  return JSON.parse(text.replace(/^\uFEFF/, ''));
}

/** Looks at brackets alone; those within quotes do not count. @throws Error for what nests too deep */
export function checkNesting(text: string): void {
  const quote = 0x22;
  let depth = 0;
  let inText = false;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (inText) {
      if (character === 0x5c) i++;
      else if (character === quote || character === 0x0a) inText = false;
    } else if (character === quote) {
      inText = true;
    } else if (character === 0x5b || character === 0x7b) {
      if (++depth > DEEPEST) throw new Error(TOO_DEEP);
    } else if (character === 0x5d || character === 0x7d) {
      depth--;
    }
  }
}
