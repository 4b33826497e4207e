/** @file What all parts of the page share: classes, pictures and the training. Nothing of it leaves the tab. */

import { useEffect, useState } from 'preact/hooks';
import { defaultPalette } from '../../data/masks/palette.js';
import type { ClassInfo, MaskCoding } from '../../data/types.js';
import type { GraphicsCard } from '../../web/browser.js';
import type { PageCheckpoint, PagePicture, PageSettings, Run } from './types.js';

/** As it is now. */
export interface Shared {
  readonly classes: readonly ClassInfo[];
  /** What the values of mask files mean; undefined where all masks were drawn. */
  readonly coding: MaskCoding | undefined;
  readonly pictures: readonly PagePicture[];
  readonly settings: PageSettings;
  readonly run: Run | undefined;
  /** What the next training goes on with; undefined for one that begins. */
  readonly checkpoint: PageCheckpoint | undefined;
  /** What WebGPU has in this browser; undefined for nothing. */
  readonly card: GraphicsCard | undefined;
  /** What went wrong last. */
  readonly error: string | undefined;
  /** What is being done. */
  readonly busy: string | undefined;
  /** What should be known. */
  readonly notices: readonly string[];
}

const colors = defaultPalette(2);
/** Of a page that was just opened. */
export const EMPTY: Shared = {
  classes: [
    { name: 'background', color: colors[0]! },
    { name: 'object', color: colors[1]! },
  ],
  settings: {
    ...{ template: 'Lite-HRNet-s-mod2', steps: 300, batchSize: 4, inputSize: 128 },
    ...{ loss: 'cross_entropy', learningRate: undefined, device: 'wasm' },
  },
  card: undefined,
  ...{ coding: undefined, pictures: [], run: undefined, checkpoint: undefined },
  ...{ error: undefined, busy: undefined, notices: [] },
};

let shared = EMPTY;
const watchers = new Set<() => void>();

/** As it is now, for what is no part of the page. */
export const now = (): Shared => shared;

/** Changes what is shared; all who use it are drawn again. */
export function change(part: Partial<Shared>): void {
  shared = { ...shared, ...part };
  for (const watcher of watchers) watcher();
}

/** What is shared, kept up to date. */
export function useShared(): Shared {
  const [, draw] = useState(0);
  useEffect(() => {
    const watcher = () => draw((count) => count + 1);
    watchers.add(watcher);
    return () => {
      watchers.delete(watcher);
    };
  }, []);
  return shared;
}

/** Does something, says what meanwhile, and shows what goes wrong. @returns whether nothing did */
export async function attempt(busy: string | undefined, work: () => Promise<void>): Promise<boolean> {
  change({ busy, error: undefined });
  try {
    await work();
    return true;
  } catch (error) {
    change({ error: error instanceof Error ? error.message : String(error) });
    return false;
  } finally {
    change({ busy: undefined });
  }
}

/** Lets the browser draw. */
export const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** Replaces a picture by its key. */
export function changePicture(key: number, part: Partial<PagePicture>): void {
  change({ pictures: shared.pictures.map((each) => (each.key === key ? { ...each, ...part } : each)) });
}

/** Of every so many pictures with a mask one is kept to check with. */
const CHECKED = 4;

/** A mask was drawn. The first of a picture decides what the picture is for, so that some are kept to check with. */
export function noteMask(key: number, data: Uint8Array): void {
  const picture = shared.pictures.find((each) => each.key === key);
  if (!picture) return;
  const masked = shared.pictures.filter(({ mask }) => mask !== undefined);
  const isFirst = picture.mask === undefined;
  const checked = masked.filter(({ use }) => use === 'val').length;
  const use =
    isFirst && Math.floor((masked.length + 1) / CHECKED) > checked ? 'val' : isFirst ? 'train' : picture.use;
  changePicture(key, { mask: data, use, revision: picture.revision + 1 });
}
