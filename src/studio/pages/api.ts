/** @file What pages ask the server for. All addresses are relative, so that they carry the secret of the page's own. */

import type { ClassInfo } from '../../data/types.js';

export type { ClassInfo } from '../../data/types.js';
export { cssColor } from '../../page-parts/colors.js';

/** An answer that was no success, in the words of the server. */
export class ServerError extends Error {
  constructor(
    message: string,
    /** Of the answer; undefined where there was none. */
    readonly status?: number,
  ) {
    super(message);
  }
}

/** @throws ServerError */
async function answer(path: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(path, init).catch(() => {
    throw new ServerError('the studio does not answer; is it still running in its terminal?');
  });
  if (response.ok) return response;
  const body = (await response.json().catch(() => ({}))) as { error?: string };
  throw new ServerError(body.error ?? `the studio answers ${response.status}`, response.status);
}

/** @throws ServerError */
export async function get<T>(path: string): Promise<T> {
  return (await answer(path)).json() as Promise<T>;
}

/** @throws ServerError */
export async function getBytes(path: string): Promise<Uint8Array> {
  return new Uint8Array(await (await answer(path)).arrayBuffer());
}

/** @throws ServerError */
export async function send<T>(
  method: 'POST' | 'PUT',
  path: string,
  body: object | Uint8Array | Blob = {},
): Promise<T> {
  const isRaw = body instanceof Uint8Array || body instanceof Blob;
  const headers = { 'Content-Type': isRaw ? 'application/octet-stream' : 'application/json' };
  const response = await answer(path, {
    method,
    headers,
    body: isRaw ? (body as BodyInit) : JSON.stringify(body),
  });
  return response.json() as Promise<T>;
}

/** The class of each pixel, and the edition that is drawn on. @throws ServerError */
export async function getLabels(
  key: number,
): Promise<{ readonly data: Uint8Array; readonly edition: number }> {
  const response = await answer(`api/images/${key}/labels`);
  const edition = Number(response.headers.get('Otx-Edition'));
  return { data: new Uint8Array(await response.arrayBuffer()), edition };
}

/** Of an answer to who has drawn on an edition that is not the newest. */
export const SAVED_ELSEWHERE = 412;

/** @param edition that was drawn on; undefined to replace any. @returns the new one. @throws ServerError */
export async function sendLabels(
  key: number,
  data: Uint8Array,
  edition: number | undefined,
): Promise<number> {
  const drawnOn = edition === undefined ? '' : `?edition=${edition}`;
  return (await send<{ edition: number }>('PUT', `api/images/${key}/labels${drawnOn}`, data)).edition;
}

/** Sends a file, and takes bytes. @throws ServerError */
export async function sendForBytes(path: string, body: Blob): Promise<Uint8Array> {
  const headers = { 'Content-Type': 'application/octet-stream' };
  return new Uint8Array(await (await answer(path, { method: 'POST', headers, body })).arrayBuffer());
}

/** What `api/project` says. */
export interface Project {
  readonly folder: string;
  readonly data: string;
  readonly isReadOnly: boolean;
  readonly classes: readonly ClassInfo[];
  readonly images: number;
  readonly labeled: number;
  readonly state: 'opening' | 'ready' | 'failed';
  readonly message?: string;
  readonly problems: readonly string[];
}

/** What an image is for. */
export type Subset = 'auto' | 'train' | 'val' | 'test';

/** One image of the list. */
export interface Picture {
  readonly key: number;
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly subset: Subset;
  /** Where its labels are from; empty for none. */
  readonly labels: 'own' | 'given' | '';
  readonly revision: number;
  /** Indices of its classes; null as long as nobody has looked. */
  readonly shows: readonly number[] | null;
}

type Row = [string, number, number, Subset, 'own' | 'given' | '', number, number[] | null];

/** @throws ServerError */
export async function getPictures(): Promise<Picture[]> {
  const rows = await get<Row[]>('api/images');
  return rows.map(([id, width, height, subset, labels, revision, shows], key) => ({
    ...{ key, id, width, height, subset, labels, revision, shows },
  }));
}

/** A job of the command line. */
export interface Job {
  readonly id: string;
  readonly kind: string;
  readonly state: 'running' | 'done' | 'failed' | 'paused' | 'stopped' | 'killed';
  readonly log: readonly string[];
}

/** Something that a check has found. */
export interface Finding {
  readonly kind: string;
  readonly title: string;
  readonly remedy: string;
  readonly message: string;
  readonly keys: readonly number[];
}

/** The newest check. */
export interface Check {
  readonly time?: string;
  readonly plan?: string;
  readonly findings: readonly Finding[];
}
