import { describe, expect, it } from 'vitest';
import type { LabelMask } from '../types.js';
import { loadOpenCv } from './opencv.js';
import { redrawAsPolygons } from './redraw.js';

/** A mask from rows of digits; `.` is background, `x` ignore. */
function mask(...rows: string[]): LabelMask {
  const value = (sign: string) => (sign === '.' ? 0 : sign === 'x' ? 255 : Number(sign));
  const data = Uint8Array.from([...rows.join('')].map(value));
  return { data, width: rows[0]!.length, height: rows.length };
}

function rowsOf({ data, width, height }: LabelMask): string[] {
  const text = [...data].map((label) => (label === 0 ? '.' : String(label))).join('');
  return Array.from({ length: height }, (_, y) => text.slice(y * width, (y + 1) * width));
}

// Widths and heights are powers of two where vertices must not move.
describe('redrawAsPolygons', () => {
  it('fills holes', async () => {
    const ring = mask(
      '........',
      '.111111.',
      '.111111.',
      '.11..11.',
      '.11..11.',
      '.111111.',
      '.111111.',
      '........',
    );
    const filled = rowsOf(ring).map((row) => row.replace('11..11', '111111'));
    expect(rowsOf(await redrawAsPolygons(ring))).toEqual(filled);
  });

  it('drops dots and lines of one pixel, and the class with them', async () => {
    const thin = mask(
      '........',
      '.3......',
      '........',
      '.222222.',
      '........',
      '.1111...',
      '.1111...',
      '.1111...',
    );
    expect(rowsOf(await redrawAsPolygons(thin))).toEqual([
      ...new Array(5).fill('........'),
      ...new Array(3).fill('.1111...'),
    ]);
  });

  it('turns ignored pixels into background', async () => {
    expect(rowsOf(await redrawAsPolygons(mask('xx111xxx', 'xx111xxx', 'xx111xxx', 'xxxxxxxx')))).toEqual([
      '..111...',
      '..111...',
      '..111...',
      '........',
    ]);
  });

  it('draws classes in ascending order, so that a higher class covers what lies in its holes', async () => {
    const inHole = (outer: string, inner: string) =>
      mask(
        ...[
          'oooooooo',
          'oooooooo',
          'ooiiiioo',
          'ooiiiioo',
          'ooiiiioo',
          'ooiiiioo',
          'oooooooo',
          'oooooooo',
        ].map((row) => row.replaceAll('o', outer).replaceAll('i', inner)),
      );
    const kept = inHole('1', '2');
    expect(rowsOf(await redrawAsPolygons(kept))).toEqual(rowsOf(kept));
    expect(rowsOf(await redrawAsPolygons(inHole('2', '1')))).toEqual(new Array(8).fill('22222222'));
  });

  it('moves vertices whose fraction of the size rounds down', async () => {
    // 16 / 49 * 49 is just below 16 in double precision; 10 / 49 * 49 is 10.
    const row = (last: number) => `${'.'.repeat(10)}${'1'.repeat(last - 9)}`.padEnd(49, '.');
    const rows = (last: number) => ['.'.repeat(49), ...new Array(6).fill(row(last)), '.'.repeat(49)];
    expect(rowsOf(await redrawAsPolygons(mask(...rows(16))))).toEqual(rows(15));
    expect(rowsOf(await redrawAsPolygons(mask(...rows(15))))).toEqual(rows(15));
  });

  it('simplifies curved outlines, keeping them within a pixel or so', async () => {
    const side = 64;
    const disc = Uint8Array.from({ length: side * side }, (_, i) =>
      Math.hypot((i % side) - 31, Math.floor(i / side) - 31) < 20 ? 1 : 0,
    );
    const { data } = await redrawAsPolygons({ data: disc, width: side, height: side });
    const changed = [...data.keys()].filter((i) => data[i] !== disc[i]);
    expect(changed.length).toBeGreaterThan(0);
    for (const i of changed) {
      expect(Math.abs(Math.hypot((i % side) - 31, Math.floor(i / side) - 31) - 20)).toBeLessThan(2);
    }
  });

  it('gives the same for any number of calls and leaves the input alone', async () => {
    const input = mask('.1111.', '.1..1.', '.1111.', '......');
    const copy = Uint8Array.from(input.data);
    const first = await redrawAsPolygons(input);
    for (let i = 0; i < 50; i++) expect(await redrawAsPolygons(input)).toEqual(first);
    expect(input.data).toEqual(copy);
  });
});

it('loading OpenCV does not change how the process treats errors', async () => {
  const listeners = () => [
    ...process.listeners('uncaughtException').map(String),
    ...process.listeners('unhandledRejection').map(String),
  ];
  const { cv } = await loadOpenCv();
  expect(cv.getBuildInformation()).toContain('4.10.0');
  expect(listeners().filter((text) => /ExitStatus|abort/.test(text))).toEqual([]);
});
