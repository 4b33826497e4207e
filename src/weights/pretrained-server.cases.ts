/** @file A folder and servers of its own for each test of published weights; the hooks belong to whoever imports this. */

import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import type { OtxError } from '../base/errors.js';
import { breakOff, type Handler, TestServer } from './file-server.cases.js';
import { fetchPretrained, type PretrainedOptions, pretrainedPath } from './pretrained.js';
import { dict, tensor, torchZip } from './torch-bytes.cases.js';

/** Its published name has no checksum in it: any weight file will do. */
export const MODEL = 'lite-hrnet-18';
/** Two different weight files of the same size. */
export const weights = torchZip(dict(['stem.a', tensor()]), { 0: new Uint8Array(24).fill(1) });
export const otherWeights = torchZip(dict(['stem.a', tensor()]), { 0: new Uint8Array(24).fill(2) });
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
export const patience = { attempts: 3, firstPause: 1, longestSilence: 5000 };
/** For servers that say nothing. */
export const hurry = { ...patience, longestSilence: 250 };

export let cacheDir: string;
export let path: string;
export const servers: TestServer[] = [];
/** A cache folder for each test of a file, and an end for its servers. Hooks belong to the file that calls this. */
export function eachInItsFolder(): void {
  beforeEach(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'otx-pretrained-'));
    path = pretrainedPath(MODEL, { cacheDir });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const server of servers.splice(0)) await server.stop();
    await rm(cacheDir, { recursive: true, force: true });
  });
}

export async function start(...handlers: readonly Handler[]): Promise<TestServer> {
  const server = await TestServer.start(...handlers);
  servers.push(server);
  return server;
}
export const fetchFrom = ({ url }: { url: string }, options: PretrainedOptions = {}): Promise<string> =>
  fetchPretrained(MODEL, {
    cacheDir,
    baseUrl: url,
    environment: {},
    patience,
    ...options,
    // Only once what was sent has arrived: what is under way when a connection breaks may be lost.
    onProgress: (progress) => {
      options.onProgress?.(progress);
      breakOff();
    },
  });
export const failure = async (promise: Promise<unknown>): Promise<OtxError> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  expect((error as Error).message).not.toContain('\n');
  return error as OtxError;
};
export const filesThere = async (): Promise<string[]> =>
  (await readdir(dirname(path)).catch(() => [])).sort();
export const complete = [`${basename(pretrainedPath(MODEL))}`, `${basename(pretrainedPath(MODEL))}.sha256`];

/** All is well: the bytes are there, the note of their checksum, and nothing else. */
export async function expectFetched(bytes: Uint8Array): Promise<void> {
  expect(Buffer.from(await readFile(path)).equals(bytes)).toBe(true);
  expect(await readFile(`${path}.sha256`, 'utf8')).toBe(`${sha256(bytes)}  ${basename(path)}\n`);
  expect(await filesThere()).toEqual(complete);
}
