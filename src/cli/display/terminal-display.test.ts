import { expect, test } from 'vitest';
import type { DemoFrame, PaintedFrame } from '../../index.js';
import { terminalDisplay } from './terminal-display.js';

function pictureOf(width: number, height: number): PaintedFrame {
  return {
    data: new Uint8Array(3 * width * height),
    width,
    height,
    resized: async (w, h) => pictureOf(w, h),
    jpeg: async () => new Uint8Array(),
  };
}

const frame = (index: number, total: number | undefined, name = 'a.mp4'): DemoFrame => ({
  ...{ name, index, total, milliseconds: 12.34, picture: pictureOf(100, 50) },
  segmentation: {
    ...{ width: 100, height: 50, labels: new Uint8Array(5000), probabilities: undefined, windows: 1 },
    classes: [{ name: 'road', color: [1, 2, 3], share: 1 }],
    ...{ warning: undefined, milliseconds: { prepare: 1, network: 2, classify: 3 } },
  },
});

async function drawnBy(
  kind: 'blocks' | 'kitty' | 'sixel',
  frames: DemoFrame[],
  rows = 12,
): Promise<string[]> {
  const drawn: string[] = [];
  const screen = { rows, columns: 40, draw: async (text: string) => void drawn.push(text) };
  const display = terminalDisplay(kind, screen, { cell: { width: 10, height: 20 }, hasTrueColor: true });
  for (const one of frames) await display.show(one);
  return drawn;
}

test('half blocks fit the screen, and a video stays in its place', async () => {
  const drawn = await drawnBy('blocks', [frame(0, undefined), frame(1, undefined)]);
  // 40x20 pixels: ten lines of 40 characters, and one of words.
  expect(drawn.map((text) => text.split('▀').length - 1)).toEqual([400, 400]);
  expect(drawn.map((text) => text.split('\n').length - 1)).toEqual([11, 11]);
  expect(drawn[0]).not.toContain('A\r');
  expect(drawn[1]!.startsWith('\x1b[11A\r')).toBe(true);
  expect(drawn[1]).toContain('a.mp4, frame 2: 12.3 ms; road 100.0 %\x1b[K\n');
});

test('pictures of a folder stand one below the other', async () => {
  const drawn = await drawnBy('kitty', [frame(0, 2), frame(1, 2)]);
  const start = '\n\n\n\x1b[3A\x1b7\x1b_Ga=T,f=24,o=z,s=100,v=50,q=2,C=1,m=0;';
  expect(drawn.map((text) => text.startsWith(start))).toEqual([true, true]);
});

test('a name cannot steer the terminal, and a small screen is enough', async () => {
  const [text = ''] = await drawnBy('sixel', [frame(0, 1, 'a\x1b[2Jb\n.jpg')], 2);
  expect(text).toContain('a\\u001b[2Jb\\u000a.jpg: ');
  expect(text).toContain('"1;1;40;20');
});
