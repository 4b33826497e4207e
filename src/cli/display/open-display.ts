/** @file Opens what the frames of `otx demo` are shown on. */

import { OtxError } from '../../base/errors.js';
import type { Terminal } from '../terminal.js';
import { detectTerminal } from './detect.js';
import type { Display } from './display.js';
import { openPage } from './page.js';
import { terminalDisplay } from './terminal-display.js';

/** What `--display` may be. */
export const DISPLAYS = ['auto', 'kitty', 'sixel', 'blocks', 'page', 'none'] as const;
export type DisplayName = (typeof DISPLAYS)[number];

/**
 * Opens a display; undefined for none. `auto` is the best that the terminal can, and none where nobody watches.
 *
 * @param signal ends all waiting.
 * @throws OtxError `usage` for pictures in a terminal where there is none, `output` where no page can be shown.
 */
export async function openDisplay(
  name: DisplayName,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Display | undefined> {
  if (name === 'page') return openPage(terminal, signal);
  const { screen } = terminal;
  if (name === 'none' || (name === 'auto' && !screen)) return undefined;
  if (!screen) {
    throw new OtxError(
      'usage',
      `--display ${name}: what is printed goes to no terminal; choose page, or none`,
    );
  }
  const { best, cell, hasTrueColor } = await detectTerminal(screen);
  return terminalDisplay(name === 'auto' ? best : name, screen, { cell, hasTrueColor });
}
