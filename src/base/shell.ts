/** @file Commands that a user can paste: how `otx` is called here, and words that a shell leaves as they are. */

/**
 * `npx otx` where npx or a script of npm started this process, for which `otx` alone may not be found; else `otx`.
 *
 * @param env variables that npm sets for what it starts.
 */
export function programName(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const byNpm = env.npm_command !== undefined || env.npm_lifecycle_event !== undefined;
  return byNpm || env.npm_execpath !== undefined ? 'npx otx' : 'otx';
}

/** `otx` with these words behind it, ready to be pasted. Placeholders such as `<folder>` stay as they are. */
export function otxCommand(...words: readonly string[]): string {
  return [programName(), ...words.map((word) => (isPlaceholder(word) ? word : shellQuote(word)))].join(' ');
}

const isPlaceholder = (word: string): boolean => /^<[a-z ]+>$/.test(word);

/** One word for a shell of the platform; double quotes, which all of them know, are preferred. */
export function shellQuote(word: string, platform: NodeJS.Platform = process.platform): string {
  const isWindows = platform === 'win32';
  if ((isWindows ? /^[\w./\\:@+=,-]+$/ : /^[\w./:@%+=,-]+$/).test(word)) return word;
  return !isWindows && /["$`!\\]/.test(word) ? `'${word.replaceAll("'", "'\\''")}'` : `"${word}"`;
}
