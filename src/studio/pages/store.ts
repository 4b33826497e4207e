/** @file What all pages share: the project, its images and the news of the server. */

import { useEffect, useState } from 'preact/hooks';
import { get, getPictures, type Job, type Picture, type Project } from './api.js';

/** One piece of news; `type` says what of. */
export interface News {
  readonly type: string;
  readonly [name: string]: unknown;
}

/** As the server last said. */
export interface Shared {
  readonly project?: Project;
  readonly pictures: readonly Picture[];
  readonly jobs: readonly Job[];
  /** What went wrong last. */
  readonly error?: string;
  /** Work of the server that is no job. */
  readonly progress?: string;
}

let shared: Shared = { pictures: [], jobs: [] };
const watchers = new Set<() => void>();
const readers = new Set<(news: News) => void>();

/** Changes what is shared; all who use it are drawn again. */
export function change(part: Partial<Shared>): void {
  shared = { ...shared, ...part };
  for (const watcher of watchers) watcher();
}

/** Does something and shows what goes wrong. @returns undefined where it did. */
export async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    const result = await work();
    change({ error: undefined });
    return result;
  } catch (error) {
    change({ error: messageOf(error) });
    return undefined;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

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

/** Calls with each piece of news while the page is shown. */
export function useNews(reader: (news: News) => void): void {
  useEffect(() => {
    readers.add(reader);
    return () => {
      readers.delete(reader);
    };
  });
}

/** Does what nobody has asked for: what goes wrong is shown, and what went wrong before stays to be read. */
async function refresh(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    change({ error: messageOf(error) });
  }
}

/** Asks for the list of images again. */
export const refreshPictures = () => refresh(async () => change({ pictures: await getPictures() }));
const refreshProject = () =>
  refresh(async () => change({ project: await get<Project>('api/project'), pictures: await getPictures() }));
const refreshJobs = () => refresh(async () => change({ jobs: await get<Job[]>('api/jobs') }));

/** At most once in a while, however much news there is. */
function seldom(work: () => Promise<unknown>, milliseconds: number): () => void {
  let isWaiting = false;
  return () => {
    if (isWaiting) return;
    isWaiting = true;
    setTimeout(() => {
      isWaiting = false;
      void work();
    }, milliseconds);
  };
}

/** Begins to listen; once in the life of a page. */
export function listen(): void {
  const [project, pictures, jobs] = [
    seldom(refreshProject, 20),
    seldom(refreshPictures, 200),
    seldom(refreshJobs, 200),
  ];
  void refreshJobs();
  const source = new EventSource('api/news');
  source.onmessage = ({ data }) => {
    const news = JSON.parse(data as string) as News;
    if (news.type === 'project') project();
    if (news.type === 'images') pictures();
    if (news.type === 'job') jobs();
    if (news.type === 'progress')
      change({
        progress: news.done === news.total ? undefined : `${news.what}: ${news.done} of ${news.total}`,
      });
    for (const reader of readers) reader(news);
  };
  source.onerror = () =>
    change({ error: 'the connection to the studio is lost; is it still running in its terminal?' });
  source.onopen = () => change({ error: undefined });
}
