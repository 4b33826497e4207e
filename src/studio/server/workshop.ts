/** @file What the pages of a studio work on: the project, its images, jobs and news, without anything of the network. */

import { lstat } from 'node:fs/promises';
import { setImmediate as breathe } from 'node:timers/promises';
import { type ClassInfo, defaultPalette } from '../../data-api.js';
import { messageOf } from '../../files-api.js';
import { OtxError } from '../../index.js';
import { Catalog, isLabeled } from './catalog.js';
import { Newsroom } from './events.js';
import { Inside } from './inside.js';
import { dropHalfSaved, maskPathOf } from './labels.js';
import { openData } from './open-data.js';
import { lookAtClasses } from './pictures.js';
import { Project } from './project.js';

/** How far the opening is. */
export type OpeningState = 'opening' | 'ready' | 'failed';

/** What to open. */
export interface WorkshopOptions {
  readonly data: string;
  readonly isReadOnly: boolean;
  /** Program and first words of the command line. */
  readonly otx: readonly string[];
}

/** A project at work. */
export interface Workshop {
  readonly project: Project;
  readonly catalog: Catalog;
  readonly inside: Inside;
  readonly news: Newsroom;
  readonly otx: readonly string[];
  /** Fires when the studio closes. */
  readonly signal: AbortSignal;
  /** How far the images are. */
  state(): {
    readonly state: OpeningState;
    readonly message: string | undefined;
    readonly problems: readonly string[];
  };
  /** When all images are known. */
  readonly isOpened: Promise<void>;
  /** Begins to look for the images. */
  start(): void;
  /** Reads the images of an import. @throws OtxError */
  addImport(name: string): Promise<number>;
  /** Work that has to be ended with the studio. */
  onClose(work: () => Promise<void>): void;
  close(): Promise<void>;
}

/** Images between two pauses, in which requests are answered. */
const LOOKED_AT_ONCE = 16;

/** @throws OtxError as {@link Project.of} */
export async function openWorkshop({ data, isReadOnly, otx }: WorkshopOptions): Promise<Workshop> {
  const project = await Project.of(data, { isReadOnly });
  const catalog = new Catalog();
  const inside = new Inside();
  await inside.add(project.data);
  await inside.add(project.folder);
  const news = new Newsroom();
  const stop = new AbortController();
  const ends: (() => Promise<void>)[] = [];
  const problems: string[] = [];
  let state: OpeningState = 'opening';
  let message: string | undefined;
  let opened = () => {};
  const isOpened = new Promise<void>((resolve) => {
    opened = resolve;
  });
  const add = async (root: string, prefix: string): Promise<number> => {
    const found = await openData(root, prefix, stop.signal);
    problems.push(...found.problems);
    const classes = mergeClasses(catalog.classes, found.classes);
    catalog.classes = classes;
    const names = classes.map(({ name }) => name);
    const indices = found.classes.map(({ name }) => names.indexOf(name));
    let count = 0;
    for (const entry of found.entries) {
      const source = entry.source && {
        ...entry.source,
        indices: entry.source.indices.map((index) => indices[index]!),
      };
      const own = maskPathOf(project, entry.id);
      const isOwn = await lstat(own).then(
        (facts) => facts.isFile(),
        () => false,
      );
      if (!isOwn) await dropHalfSaved(project, entry);
      if (catalog.add({ ...entry, source, own: isOwn ? own : undefined })) count += 1;
    }
    return count;
  };
  const look = async () => {
    try {
      catalog.classes = project.classes;
      await add(project.data, '');
      for (const name of project.imports) await add(project.at('imports', name), `${name}/`);
      if (catalog.classes.length === 0) catalog.classes = [{ name: 'background', color: [0, 0, 0] }];
      state = 'ready';
    } catch (error) {
      if (stop.signal.aborted) return;
      state = 'failed';
      message = error instanceof OtxError ? error.message : `unexpected failure: ${messageOf(error)}`;
    } finally {
      opened();
      news.tell({ type: 'project' });
    }
    await lookAtAll(catalog, news, stop.signal);
  };
  return {
    ...{ project, catalog, inside, news, otx, signal: stop.signal, isOpened },
    state: () => ({ state, message, problems }),
    start: () => {
      void look();
    },
    addImport: async (name) => {
      const count = await add(project.at('imports', name), `${name}/`);
      news.tell({ type: 'project' });
      void lookAtAll(catalog, news, stop.signal);
      return count;
    },
    onClose: (work) => {
      ends.push(work);
    },
    close: async () => {
      stop.abort();
      await Promise.all(ends.map((work) => work().catch(() => undefined)));
    },
  };
}

/** Finds out which classes the images show, a few at a time, so that pages are answered meanwhile. */
async function lookAtAll(catalog: Catalog, news: Newsroom, signal: AbortSignal): Promise<void> {
  const unknown = catalog.entries.filter((entry) => isLabeled(entry) && !entry.shows);
  for (const [at, entry] of unknown.entries()) {
    if (signal.aborted) return;
    await lookAtClasses(entry);
    if (at % LOOKED_AT_ONCE === 0) await breathe();
  }
  if (unknown.length > 0) news.tell({ type: 'images' });
}

/** The classes of both, those that are known at their places. */
function mergeClasses(known: readonly ClassInfo[], more: readonly ClassInfo[]): readonly ClassInfo[] {
  const names = new Set(known.map(({ name }) => name));
  const added = more.filter(({ name }) => !names.has(name));
  const all = [...known, ...added];
  const colors = defaultPalette(Math.min(all.length, 255));
  const used = new Set<string>();
  return all.map(({ name, color }, index) => {
    const isTaken = used.has(String(color));
    const own = isTaken ? (colors[index] ?? color) : color;
    used.add(String(own));
    return { name, color: own };
  });
}
