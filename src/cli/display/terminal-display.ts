/** @file Frames in the terminal: those of a video in one place, pictures one below the other. */

import { printableLine, shortened } from '../../base/text.js';
import type { Screen } from '../terminal.js';
import type { TerminalAbilities, TerminalPictures } from './detect.js';
import type { Display } from './display.js';
import { blocksOf, kittyOf, sixelOf } from './encodings.js';
import { frameLine } from './frame-line.js';

/** Lines that stay free: of words below the picture, and of what is typed next. */
const FREE_LINES = 2;

/** @param kind how pictures are written. */
export function terminalDisplay(
  kind: TerminalPictures,
  screen: Screen,
  { cell, hasTrueColor }: Pick<TerminalAbilities, 'cell' | 'hasTrueColor'>,
): Display {
  // In half blocks a character is one pixel wide and two high.
  const unit = kind === 'blocks' ? { width: 1, height: 2 } : cell;
  let lastLines = 0;
  return {
    show: async (frame) => {
      const { picture } = frame;
      const room = {
        width: screen.columns * unit.width,
        height: Math.max(1, screen.rows - FREE_LINES) * unit.height,
      };
      const scale = Math.min(1, room.width / picture.width, room.height / picture.height);
      const [width, height] = [picture.width, picture.height].map((side) =>
        Math.max(1, Math.round(side * scale)),
      );
      const fitted = await picture.resized(width!, height!);
      const lines = Math.ceil(height! / unit.height);
      const isMoving = frame.total === undefined;
      const isInPlace = isMoving && lastLines === lines;
      const caption = shortened(printableLine(frameLine(frame)), screen.columns - 1);
      const body =
        kind === 'blocks'
          ? blocksOf(fitted, hasTrueColor).join('\n')
          : `\x1b7${kind === 'kitty' ? kittyOf(fitted, isMoving ? 1 : 0) : sixelOf(fitted)}\x1b8`;
      const drawn = placed(body, { lines, isInPlace, isText: kind === 'blocks' });
      await screen.draw(`${drawn}${caption}\x1b[K\n`);
      lastLines = lines;
    },
    finish: async () => undefined,
    close: () => undefined,
  };
}

/** What brings the cursor to the first line of the picture, the picture, and what brings it below. */
function placed(
  body: string,
  {
    lines,
    isInPlace,
    isText,
  }: { readonly lines: number; readonly isInPlace: boolean; readonly isText: boolean },
): string {
  const back = isInPlace ? `\x1b[${lines + 1}A\r` : '';
  if (isText) return `${back}${body}\n`;
  // At the lower edge the picture needs its lines before it is drawn.
  const room = isInPlace ? '' : `${'\n'.repeat(lines)}\x1b[${lines}A`;
  return `${back}${room}${body}\x1b[${lines}B\r`;
}
