import { expect, test } from 'vitest';
import { abilitiesOf } from './detect.js';

const KITTY = '\x1b_Gi=31;OK\x1b\\';

test.each([
  ['nothing is known', '', {}, 'blocks'],
  ['a terminal without pictures', '\x1b[?62;22c', {}, 'blocks'],
  ['attribute 4 is sixel, 64 is not', '\x1b[?64;4;6c', {}, 'sixel'],
  ['attribute 64 alone', '\x1b[?64;22c', {}, 'blocks'],
  ['kitty answers first', `${KITTY}\x1b[?62;4c`, {}, 'kitty'],
  ['it refuses pictures of kitty', '\x1b_Gi=31;EINVAL:no\x1b\\\x1b[?62c', {}, 'blocks'],
  ['kitty by its name, without an answer', '', { TERM: 'xterm-kitty' }, 'kitty'],
  ['Ghostty by its name', '', { TERM_PROGRAM: 'ghostty' }, 'kitty'],
  ['tmux in kitty', '', { TERM: 'tmux-256color', KITTY_WINDOW_ID: '1' }, 'blocks'],
  ['tmux that knows sixel', '\x1b[?1;2;4c', { TMUX: 'x', KITTY_WINDOW_ID: '1' }, 'sixel'],
])('%s', (_, answers, env, best) => {
  expect(abilitiesOf(answers, env).best).toBe(best);
});

test('the size of a character and the colours', () => {
  expect(abilitiesOf('\x1b[6;21;10t\x1b[?62c', { COLORTERM: 'truecolor' })).toMatchObject({
    cell: { width: 10, height: 21 },
    hasTrueColor: true,
  });
  expect(abilitiesOf('\x1b[6;0;0t\x1b[?62c', {})).toMatchObject({
    cell: { width: 8, height: 16 },
    hasTrueColor: false,
  });
});
