/** @file Comparing segmentations, for the tests. */
import sharp from 'sharp';

/** Segment ids of a 16-bit gray PNG. */
export async function readSegments(path: string): Promise<Uint16Array> {
  const data = await sharp(path).toColourspace('grey16').raw({ depth: 'ushort' }).toBuffer();
  return new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
}

/** Agreement of two partitions, whatever their ids: 1 when equal, 0 on average by chance (Hubert and Arabie, 1985). */
export function adjustedRandIndex(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const both = new Map<string, number>();
  const first = new Map<number, number>();
  const second = new Map<number, number>();
  const count = <K>(counts: Map<K, number>, key: K) => counts.set(key, (counts.get(key) ?? 0) + 1);
  for (let i = 0; i < a.length; i++) {
    count(both, `${a[i]} ${b[i]}`);
    count(first, a[i]!);
    count(second, b[i]!);
  }
  const pairs = (n: number) => (n * (n - 1)) / 2;
  const sum = (counts: Map<unknown, number>) =>
    [...counts.values()].reduce((total, n) => total + pairs(n), 0);
  const expected = (sum(first) * sum(second)) / pairs(a.length);
  const largest = (sum(first) + sum(second)) / 2;
  return largest === expected ? 1 : (sum(both) - expected) / (largest - expected);
}
