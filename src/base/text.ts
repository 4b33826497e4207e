/** @file Text from elsewhere (names in files, names of files, words of a library) made fit for a line, a table or a picture. */

/**
 * What does something to a terminal or hides in a text instead of being seen: control characters, line separators,
 * directions of writing, characters without width and halves of surrogate pairs. Joiners and variation selectors, which
 * scripts and emoji need, are no more than that in the right company; see {@link hiddenCharacter}.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/u;
const UNSEEN_ANYWHERE = new RegExp(UNSEEN, 'gu');
/** Joiners between letters that are not Latin or between pictures, and the two selectors of how an emoji looks. */
const IN_PLACE =
  /(?<=\p{L}|\p{M}|\p{So}|\p{Sk})(?<!\p{Script=Latin})[\u200c\u200d](?=\p{L}|\p{So})(?!\p{Script=Latin})|(?<=\p{So})(?:\ufe0e|\ufe0f)|(?:\ufe0e|\ufe0f)(?=\u20e3)/gu;

/** The first character of a text that is not seen for what it is; undefined for a clean text. */
export function hiddenCharacter(text: string): string | undefined {
  return UNSEEN.exec(text.replace(IN_PLACE, ''))?.[0];
}

/** `\u001b`, `\u{e0041}` */
export function escapeOf(character: string): string {
  const code = (character.codePointAt(0) as number).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
}

/**
 * A text as a terminal may show it: what would steer the terminal or reverse the line is written as an escape. Line breaks
 * and tabs stay. A text that has been through it comes out as it is.
 */
export function printable(text: string): string {
  if (!UNSEEN.test(text)) return text;
  const kept = new Set<number>();
  for (const { index } of text.matchAll(IN_PLACE)) kept.add(index);
  return text.replace(UNSEEN_ANYWHERE, (character, at: number) =>
    character === '\n' || character === '\t' || kept.has(at) ? character : escapeOf(character),
  );
}

/** As {@link printable}, line breaks and tabs escaped too: for a text that must not begin a line of its own. */
export function printableLine(text: string): string {
  return printable(text).replace(/[\n\t]/g, escapeOf);
}

/** `5.3 MB` */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

const LONGEST_QUOTE = 120;

/** Text from an untrusted file, fit for one line of a message: control characters escaped, long texts cut. */
export function quoted(text: string): string {
  const characters = [...text.slice(0, 2 * LONGEST_QUOTE + 2)];
  const short = characters.length > LONGEST_QUOTE ? `${characters.slice(0, LONGEST_QUOTE).join('')}…` : text;
  return printableLine(JSON.stringify(short));
}

/** Like {@link quoted}, without the marks. */
export function unquoted(text: string): string {
  return quoted(text).slice(1, -1);
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const WIDTHLESS = /[\p{M}\u200c\u200d]/u;

/** Columns that a text takes in a font whose letters are equally wide; East Asian characters and emoji take two. */
export function displayWidth(text: string): number {
  let columns = 0;
  for (const character of text) columns += WIDTHLESS.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return columns;
}

/** The text, or as much of its beginning as fits with an ellipsis into that many columns. */
export function shortened(text: string, columns: number): string {
  let end = 0;
  let taken = 0;
  // What is longer than it may be is not measured to its end: texts of files may have any length.
  for (const character of text) {
    const width = displayWidth(character);
    if (taken + width > columns) return `${beginning(text, end, columns - 1)}…`;
    taken += width;
    end += character.length;
  }
  return text;
}

/** As many characters of the first `end` as fit. */
function beginning(text: string, end: number, columns: number): string {
  let short = '';
  let taken = 0;
  for (const character of text.slice(0, end)) {
    taken += displayWidth(character);
    if (taken > columns) break;
    short += character;
  }
  return short;
}

/** The text with spaces behind it up to that many columns. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)));
}

/** At most `limit` items as text, the rest as a count. */
export function listSome(items: readonly string[], limit = 5): string {
  const rest = items.length - limit;
  return items.slice(0, limit).map(printableLine).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
