/** @file A data set out of nothing by a command line. `npm run generate` runs it. */

import { generateScenes, type SceneOptions } from '../../demo/generate.js';
import { progressPrinter } from '../progress.js';
import type { Terminal } from '../terminal.js';
import { readWords } from './read-words.js';

const NUMBERS = ['train', 'val', 'unlabeled', 'width', 'height', 'seed'] as const;
const USAGE = `npm run generate -- FOLDER [--look NAME] ${NUMBERS.map((name) => `[--${name} N]`).join(' ')}`;

export interface GenerateOptions {
  /** The folder, and the options of {@link generateScenes} as they are typed. */
  readonly words: readonly string[];
  readonly terminal: Terminal;
  readonly signal?: AbortSignal;
}

/**
 * Draws the data set and tells how far it is.
 *
 * @throws OtxError `usage` for words that are not understood, and like {@link generateScenes}.
 */
export async function generate({ words, terminal, signal }: GenerateOptions): Promise<void> {
  const { folder, values } = readWords(words, { usage: USAGE, options: ['look', ...NUMBERS] });
  const numbers = NUMBERS.filter((name) => values[name] !== undefined).map((name) => [
    name,
    Number(values[name]),
  ]);
  // Both are checked where they are used.
  const options = { look: values.look, ...Object.fromEntries(numbers) } as SceneOptions;
  const { onEvent, close } = progressPrinter(terminal);
  const onProgress = (done: number, total: number) =>
    onEvent({ type: 'progress', task: 'draw', done, total });
  try {
    await generateScenes(folder, { ...options, onProgress, signal });
  } finally {
    close();
  }
  terminal.print(`written ${folder}`);
}
