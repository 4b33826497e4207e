/**
 * @file Who may speak to the studio: whoever knows its address, from this machine, through a page of its own. A page of another site in
 * the same browser is refused although it reaches the port, and so is one whose name was made to lead here.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';

/** What requests are held against. */
export interface GuardOptions {
  /** The secret part of the address. */
  readonly token: string;
  /** Known when the server listens. */
  readonly port: () => number;
  /** Whether everything but looking is refused. */
  readonly isReadOnly: boolean;
}

const READING = ['GET', 'HEAD'];

/** @param scripts what may run besides the scripts of the studio. */
const policyWith = (scripts: string): string =>
  `default-src 'none'; script-src 'self'${scripts}; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; ` +
  "worker-src 'self'; font-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** For a thread that computes by WebAssembly. */
export const COMPUTING_POLICY = { 'Content-Security-Policy': policyWith(" 'wasm-unsafe-eval'") } as const;

/** Headers of every answer: nothing is loaded from elsewhere, and no other page may show or use this one. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': policyWith(''),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** Refuses what is not ours, before anything of a request is looked at. */
export function guard({ token, port, isReadOnly }: GuardOptions): MiddlewareHandler {
  return async (context, next) => {
    const { req, res } = context;
    const hosts = [`127.0.0.1:${port()}`, `localhost:${port()}`];
    const refuse = (status: 403 | 404 | 405, error: string) => context.json({ error }, status, HEADERS);
    if (!hosts.includes(req.header('host') ?? '')) {
      return refuse(
        403,
        'this address leads to a studio under another name; use the one that it has printed',
      );
    }
    const origin = req.header('origin');
    if (origin !== undefined && !hosts.includes(origin.replace(/^http:\/\//, ''))) {
      return refuse(403, 'pages of other sites may not use the studio');
    }
    const site = req.header('sec-fetch-site');
    if (site !== undefined && site !== 'same-origin' && site !== 'none') {
      return refuse(403, 'pages of other sites may not use the studio');
    }
    if (!isSame(req.path.split('/')[1] ?? '', token)) return refuse(404, 'there is nothing here');
    if (isReadOnly && !READING.includes(req.method)) {
      return refuse(405, 'this studio is read-only; start it without --read-only to change things');
    }
    await next();
    for (const [name, value] of Object.entries(HEADERS)) {
      if (!context.res.headers.has(name)) context.res.headers.set(name, value);
    }
    if (!res.headers.has('Cache-Control')) context.res.headers.append('Cache-Control', 'no-store');
    return undefined;
  };
}

/** In the same time whatever differs. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
