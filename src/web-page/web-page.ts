/** @file The page that trains in a browser: served on this machine, or written to be served by anything. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, OtxError } from '../base/errors.js';
import { Outputs } from '../base/outputs/outputs.js';
import { nameOf, PAGE_HEADERS, pageFiles, readPageFile, typeOf } from './page-files.js';

/** A page that is served. */
export interface ServedPage {
  readonly address: string;
  /** Ends the server. */
  close(): void;
}

/** Connections at a time; a browser opens six. */
const MOST_CONNECTIONS = 64;

/**
 * Serves the page on 127.0.0.1, with the headers by which WebAssembly may have threads.
 *
 * @param port default: any that is free.
 * @throws OtxError `usage` for a port that cannot be had, or where onnxruntime-web is not installed.
 */
export async function servePage(port = 0): Promise<ServedPage> {
  const files = await pageFiles();
  const server = createServer((request, response) => void answer(files, request, response));
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(portTaken(port, error)));
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${bound}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const portTaken = (port: number, cause: unknown) =>
  new OtxError('usage', `port ${port} cannot be had (${messageOf(cause)}); choose another one`, { cause });

async function answer(
  files: ReadonlyMap<string, string>,
  { method = '', url = '' }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const end = (status: number, text: string) =>
    response.writeHead(status, { ...PAGE_HEADERS, 'Content-Type': 'text/plain; charset=utf-8' }).end(text);
  if (method !== 'GET' && method !== 'HEAD') {
    end(405, 'this page takes nothing\n');
    return;
  }
  const name = nameOf(url);
  const path = name === undefined ? undefined : files.get(name);
  if (name === undefined || path === undefined) {
    end(404, 'there is nothing here\n');
    return;
  }
  try {
    const bytes = await readPageFile(path);
    const headers = { ...PAGE_HEADERS, 'Content-Type': typeOf(name), 'Content-Length': bytes.length };
    response.writeHead(200, headers).end(method === 'HEAD' ? undefined : bytes);
  } catch (error) {
    end(500, `${messageOf(error)}\n`);
  }
}

/** What `writePage` writes beside the files of the page: the headers, for hosts that take them from a file of this name. */
const HEADERS_FILE = '_headers';

/**
 * Writes the page into a folder, to be served by any web server. Files of an earlier call are replaced, others are not.
 *
 * @returns names of the files.
 * @throws OtxError `output` for a folder that has files of others under these names, `usage` where onnxruntime-web is not installed.
 */
export async function writePage(output: string): Promise<readonly string[]> {
  const files = await pageFiles();
  const names = [...files.keys(), HEADERS_FILE];
  const outputs = await Outputs.open({ root: output, files: names });
  try {
    for (const [name, path] of files) await outputs.write(name, await readPageFile(path));
    const lines = Object.entries(PAGE_HEADERS).map(([name, value]) => `  ${name}: ${value}\n`);
    await outputs.write(HEADERS_FILE, Buffer.from(`/*\n${lines.join('')}`));
    return names;
  } finally {
    await outputs.close();
  }
}
