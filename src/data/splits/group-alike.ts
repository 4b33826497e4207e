/** @file Finds the images that belong together: near duplicates, and neighbouring frames of one sequence. */
import { hashDistance } from './perceptual-hash.js';

/** Bits in which fingerprints of the same picture differ at most, saved again or scaled. */
const SAME = 4;
/** Bits in which frames differ at most that follow each other in a sequence. */
const NEIGHBOURS = 16;
/** Frames may be taken out in between. */
const LARGEST_GAP = 100;

/** What grouping looks at. */
export interface Fingerprint {
  readonly id: string;
  /** Of {@link perceptualHash}; empty where the image cannot be read. */
  readonly hash: string;
}

/**
 * Positions of the images of each group, in ascending order; groups in the order of their first image.
 *
 * Images are near duplicates when their fingerprints differ in at most 4 of 64 bits. Two whose names differ in their last number
 * alone, with none in between, are frames of a sequence when their fingerprints differ in at most 16: numbers without likeness
 * say nothing.
 */
export function groupAlike(images: readonly Fingerprint[]): number[][] {
  const parent = images.map((_, i) => i);
  const rootOf = (i: number): number => {
    let at = i;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  };
  const join = (a: number, b: number) => {
    const [first, second] = [rootOf(a), rootOf(b)].sort((x, y) => x - y) as [number, number];
    parent[second] = first;
  };
  for (const [a, b] of duplicatesIn(images)) join(a, b);
  for (const [a, b] of neighboursIn(images)) join(a, b);
  const groups = new Map<number, number[]>();
  images.forEach((_, i) => {
    const root = rootOf(i);
    groups.set(root, [...(groups.get(root) ?? []), i]);
  });
  return [...groups.values()];
}

/** Two fingerprints that differ in 4 bits are equal in one of these five parts. */
const PARTS: readonly (readonly [start: number, end: number])[] = [
  [0, 3],
  [3, 6],
  [6, 9],
  [9, 12],
  [12, 16],
];

function* duplicatesIn(images: readonly Fingerprint[]): Generator<[number, number]> {
  // Equal fingerprints first, so that a thousand black pictures are compared once.
  const byHash = new Map<string, number>();
  for (const [i, { hash }] of images.entries()) {
    if (hash === '') continue;
    const other = byHash.get(hash);
    if (other === undefined) byHash.set(hash, i);
    else yield [other, i];
  }
  for (const [start, end] of PARTS) {
    const byPart = new Map<string, string[]>();
    for (const hash of byHash.keys()) {
      const part = hash.slice(start, end);
      const others = byPart.get(part) ?? [];
      for (const other of others) {
        if (hashDistance(hash, other) <= SAME) yield [byHash.get(other)!, byHash.get(hash)!];
      }
      byPart.set(part, [...others, hash]);
    }
  }
}

/** Pairs that follow each other in a sequence. */
function* neighboursIn(images: readonly Fingerprint[]): Generator<[number, number]> {
  const sequences = new Map<string, { number: number; at: number }[]>();
  for (const [at, { id, hash }] of images.entries()) {
    const match = /^(.*?)(\d+)(\D*)$/.exec(id);
    if (!match || hash === '') continue;
    const key = `${match[1]}\n${match[3]}`;
    sequences.set(key, [...(sequences.get(key) ?? []), { number: Number(match[2]), at }]);
  }
  for (const frames of sequences.values()) {
    frames.sort((a, b) => a.number - b.number || a.at - b.at);
    for (const [i, { number, at }] of frames.slice(1).entries()) {
      const before = frames[i]!;
      if (number - before.number > LARGEST_GAP) continue;
      if (hashDistance(images[before.at]!.hash, images[at]!.hash) <= NEIGHBOURS) yield [before.at, at];
    }
  }
}
