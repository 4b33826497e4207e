/**
 * @file Frames in a browser on the same machine: a small page on a free port of 127.0.0.1, whose address holds a secret, so that
 * neither other machines nor other pages in the browser can look at it.
 */

import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, OtxError } from '../../base/errors.js';
import type { Terminal } from '../terminal.js';
import type { Display } from './display.js';

const BOUNDARY = 'frame';
const HTML = `<!doctype html><html lang="en"><meta charset="utf-8"><title>otx demo</title>
<style>html,body{margin:0;height:100%;background:#111}img{display:block;width:100%;height:100%;object-fit:contain}</style>
<img src="frames" alt="segmented frames"></html>
`;

/** Headers of every answer: nothing is kept, and nothing but its own pictures is loaded. */
const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** @throws OtxError `output` where no port can be had. */
export async function openPage(terminal: Pick<Terminal, 'print'>, signal: AbortSignal): Promise<Display> {
  const token = randomBytes(16).toString('hex');
  const viewers = new Set<ServerResponse>();
  let newest: Uint8Array | undefined;
  let onViewer = () => {};
  const isWatched = new Promise<void>((resolve) => {
    onViewer = resolve;
  });
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const isOurs = /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? '');
    const path = isOurs && request.method === 'GET' ? request.url : undefined;
    if (path === `/${token}/`) {
      response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/html; charset=utf-8' }).end(HTML);
    } else if (path === `/${token}/frames`) {
      response.writeHead(200, {
        ...HEADERS,
        'Content-Type': `multipart/x-mixed-replace; boundary=${BOUNDARY}`,
      });
      response.write(`--${BOUNDARY}\r\n`);
      viewers.add(response);
      response.on('close', () => viewers.delete(response));
      if (newest) response.write(partOf(newest));
      onViewer();
    } else {
      response.writeHead(404, HEADERS).end();
    }
  };
  const server = createServer(answer);
  const port = await listen(server);
  terminal.print(`look at http://127.0.0.1:${port}/${token}/`);
  const isStopped = stopped(signal);
  return {
    show: async ({ picture }) => {
      // Of a short video nobody would see anything.
      await Promise.race([isWatched, isStopped]);
      newest = await picture.jpeg();
      // Who is slow misses frames, which then need no memory.
      for (const viewer of viewers) if (!viewer.writableNeedDrain) viewer.write(partOf(newest));
    },
    finish: async () => {
      terminal.print('all frames have been shown; the page is there until Ctrl-C');
      await isStopped;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on('error', (error) => {
      reject(
        new OtxError('output', `no page can be shown (${messageOf(error)}); choose another --display`, {
          cause: error,
        }),
      );
    });
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** With the next boundary behind it, so that browsers show it at once. */
function partOf(jpeg: Uint8Array): Buffer {
  const head = `Content-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), jpeg, Buffer.from(`\r\n--${BOUNDARY}\r\n`)]);
}
