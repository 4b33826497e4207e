/** @file What the terminal can show: told by the environment, and by the terminal itself where it answers in time. */

import type { Screen } from '../terminal.js';

export type TerminalPictures = 'kitty' | 'sixel' | 'blocks';

/** What is known of a terminal. */
export interface TerminalAbilities {
  readonly best: TerminalPictures;
  /** Of a character, in pixels. */
  readonly cell: { readonly width: number; readonly height: number };
  /** Whether it has 24-bit colours; else the 256 of the usual palette. */
  readonly hasTrueColor: boolean;
}

/** Where a terminal does not say; smaller than most, so that pictures fit. */
const USUAL_CELL = { width: 8, height: 16 };
const ANSWER_MILLISECONDS = 300;
/** Does it know pictures of kitty, how large is a character, and what is it (which all terminals answer, and sixel is a part of)? */
const QUESTIONS = '\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[16t\x1b[c';
// biome-ignore lint/suspicious/noControlCharactersInRegex: answers of terminals are made of them
const LAST_ANSWER = /\x1b\[\?([\d;]*)c/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: likewise
const KITTY_ANSWER = /\x1b_G[^\x1b]*;OK\x1b\\/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: likewise
const CELL_ANSWER = /\x1b\[6;(\d{1,3});(\d{1,3})t/;
const SIXEL_ATTRIBUTE = '4';
const CTRL_C = '\x03';

type Environment = Readonly<Record<string, string | undefined>>;

/** Asks the terminal, if there is one to answer. */
export async function detectTerminal(
  screen: Screen,
  env: Environment = process.env,
): Promise<TerminalAbilities> {
  const answers = process.stdin.isTTY ? await ask(screen) : '';
  return abilitiesOf(answers, env);
}

/** @param answers of the terminal, empty for none. */
export function abilitiesOf(answers: string, env: Environment): TerminalAbilities {
  const attributes = LAST_ANSWER.exec(answers)?.[1]?.split(';') ?? [];
  const [, height, width] = CELL_ANSWER.exec(answers) ?? [];
  const isKitty = KITTY_ANSWER.test(answers) || knowsKitty(env);
  return {
    best: isKitty ? 'kitty' : attributes.includes(SIXEL_ATTRIBUTE) ? 'sixel' : 'blocks',
    cell:
      Number(width) > 0 && Number(height) > 0 ? { width: Number(width), height: Number(height) } : USUAL_CELL,
    hasTrueColor: /truecolor|24bit/i.test(env.COLORTERM ?? '') || isKitty,
  };
}

/** Inside of a multiplexer the variables are those of the terminal around it, which does not see what is drawn. */
function knowsKitty({ TERM = '', TERM_PROGRAM = '', KITTY_WINDOW_ID, TMUX, STY }: Environment): boolean {
  if (TMUX !== undefined || STY !== undefined || /^(screen|tmux)/.test(TERM)) return false;
  return TERM === 'xterm-kitty' || KITTY_WINDOW_ID !== undefined || /^(ghostty|WezTerm)$/i.test(TERM_PROGRAM);
}

async function ask(screen: Screen): Promise<string> {
  const { stdin } = process;
  const wasRaw = stdin.isRaw;
  let answers = '';
  // Without it answers would be shown, and kept until the next line break.
  stdin.setRawMode(true);
  try {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ANSWER_MILLISECONDS);
      stdin.on('data', (piece: Buffer) => {
        const text = piece.toString('latin1');
        // In this moment it is a character like any other.
        if (text.includes(CTRL_C)) process.kill(process.pid, 'SIGINT');
        answers += text;
        if (!LAST_ANSWER.test(answers)) return;
        clearTimeout(timer);
        resolve();
      });
      stdin.resume();
      void screen.draw(QUESTIONS);
    });
  } finally {
    stdin.removeAllListeners('data');
    stdin.pause();
    stdin.setRawMode(wasRaw);
    // A paused terminal would keep the process from ending.
    stdin.unref();
  }
  return answers;
}
