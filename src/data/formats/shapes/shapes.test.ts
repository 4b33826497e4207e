import { describe, expect, it } from 'vitest';
import { Random } from '../../../base/random.js';
import { drawShapes } from './draw-shapes.js';
import { fillPolygon } from './fill-polygon.js';
import { cocoRuns, compressed, countsOf, runs } from './parse-shapes.js';

const SIZE = { width: 7, height: 5 };

function drawn(...rings: number[][]): string[] {
  const plane = new Uint8Array(SIZE.width * SIZE.height);
  fillPolygon(
    plane,
    SIZE,
    rings.map((ring) => Float64Array.from(ring)),
    1,
  );
  return Array.from({ length: SIZE.height }, (_, y) =>
    [...plane.subarray(y * SIZE.width, (y + 1) * SIZE.width)].map((value) => '.#'[value]).join(''),
  );
}

describe('a pixel belongs to a polygon when its centre is inside', () => {
  it('draws a rectangle to its edges', () => {
    expect(drawn([1, 1, 4, 1, 4, 3, 1, 3])).toEqual(['.......', '.###...', '.###...', '.......', '.......']);
    expect(drawn([1.4, 1.4, 4.4, 1.4, 4.4, 3.4, 1.4, 3.4])[1]).toBe('.###...');
    expect(drawn([1.6, 1, 4.6, 1, 4.6, 3, 1.6, 3])[1]).toBe('..###..');
  });

  it('counts a centre on a left edge in, and on a right edge out', () => {
    expect(drawn([1.5, 0, 3.5, 0, 3.5, 1, 1.5, 1])[0]).toBe('.##....');
    expect(drawn([1, 1.5, 3, 1.5, 3, 3.5, 1, 3.5])).toEqual([
      '.......',
      '.##....',
      '.##....',
      '.......',
      '.......',
    ]);
  });

  it('draws a triangle, in either direction', () => {
    const triangle = ['#......', '##.....', '###....', '####...', '#####..'];
    expect(drawn([0, 0, 5, 5, 0, 5])).toEqual(['.......', '#......', '##.....', '###....', '####...']);
    expect(drawn([0, 0, 6, 6, 0, 6].map((v, i) => (i % 2 === 0 ? v : v - 0.01)))).toEqual(triangle);
    expect(drawn([0, 5, 5, 5, 0, 0])).toEqual(drawn([0, 0, 5, 5, 0, 5]));
  });

  it('leaves out what lies in two rings', () => {
    expect(drawn([0, 0, 5, 0, 5, 5, 0, 5], [1, 1, 4, 1, 4, 4, 1, 4])).toEqual([
      '#####..',
      '#...#..',
      '#...#..',
      '#...#..',
      '#####..',
    ]);
  });

  it('cuts off what is beyond the image', () => {
    expect(drawn([-9, -9, 99, -9, 99, 2, -9, 2])).toEqual([
      '#######',
      '#######',
      '.......',
      '.......',
      '.......',
    ]);
    expect(drawn([9, 9, 12, 9, 12, 12])).toEqual(new Array(5).fill('.......'));
  });

  it('agrees with asking for each pixel', () => {
    const random = new Random('polygons');
    for (let round = 0; round < 200; round++) {
      const ring = Array.from({ length: 2 * (3 + random.integer(6)) }, () => random.range(-3, 10));
      expect(drawn(ring)).toEqual(asked(ring));
    }
  });

  it('gives polygons that share an edge no pixel in common, and none to neither', () => {
    const random = new Random('edges');
    for (let round = 0; round < 100; round++) {
      const [x, z] = [random.range(0, 7), random.range(0, 7)];
      const left = drawn([0, 0, x, 0, z, 5, 0, 5]);
      const right = drawn([x, 0, 7, 0, 7, 5, z, 5]);
      for (let y = 0; y < 5; y++) {
        expect([...left[y]!].map((pixel, i) => (pixel === '#') !== (right[y]![i] === '#'))).not.toContain(
          false,
        );
      }
    }
  });
});

/** By a ray from each centre to the right. */
function asked(ring: readonly number[]): string[] {
  const inside = (x: number, y: number) => {
    let crossings = 0;
    for (let i = 0; i < ring.length; i += 2) {
      const [x0, y0, x1, y1] = [
        ring[i]!,
        ring[i + 1]!,
        ring[(i + 2) % ring.length]!,
        ring[(i + 3) % ring.length]!,
      ];
      if (y0 > y !== y1 > y && x < x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)) crossings++;
    }
    return crossings % 2 === 1;
  };
  return Array.from({ length: SIZE.height }, (_, y) =>
    Array.from({ length: SIZE.width }, (_, x) => (inside(x + 0.5, y + 0.5) ? '#' : '.')).join(''),
  );
}

describe('run lengths', () => {
  it('are compressed as the tools of COCO do', () => {
    // By pycocotools 2: mask.encode of a picture of 6x8 and of one of 300x200.
    expect(compressed([7, 2, 4, 2, 33])).toBe('7240m0');
    expect(compressed([1000, 20000, 9000, 5, 29994, 1])).toBe('Xo0Pac0Xi8U_\\OR`d0L');
    expect(cocoRuns({ counts: '7240m0', size: [6, 8] }, 1).counts).toEqual(
      Uint32Array.from([7, 2, 4, 2, 33]),
    );
  });

  it('survive compression, whatever they are', () => {
    const random = new Random('counts');
    for (let round = 0; round < 100; round++) {
      const counts = Array.from({ length: 1 + random.integer(20) }, () =>
        random.integer(10 ** random.integer(8)),
      );
      const size = [2 ** 14, 2 ** 14];
      expect([...cocoRuns({ counts: compressed(counts), size }, 1).counts]).toEqual(counts);
    }
  });

  it.each(['rows', 'columns'] as const)('along %s are what they were counted from', async (order) => {
    const random = new Random(order);
    const labels = Uint8Array.from({ length: 35 }, () => random.integer(3));
    const shapes = [1, 2].map((value) =>
      runs(countsOf(labels, SIZE, value, order), { classIndex: value, order, left: 0, top: 0, ...SIZE }),
    );
    expect(await drawShapes({ shapes, ground: 0 }, SIZE, 'file')).toEqual(labels);
  });

  it('lie where their box is, and later shapes above earlier ones', async () => {
    const box = { order: 'rows', left: 2, top: 1, width: 3, height: 2 } as const;
    const shapes = [
      runs([0, 6], { classIndex: 1, ...box }),
      runs([1, 2], { classIndex: 2, ...box }),
      runs([4, 1], { classIndex: 255, ...box, order: 'columns' }),
    ];
    const plane = await drawShapes({ shapes, ground: 9 }, { width: 6, height: 4 }, 'file');
    expect([...plane]).toEqual([9, 9, 9, 9, 9, 9, 9, 9, 1, 2, 255, 9, 9, 9, 1, 1, 1, 9, 9, 9, 9, 9, 9, 9]);
  });
});
