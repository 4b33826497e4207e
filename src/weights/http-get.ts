/** @file One GET request: through a proxy where one is set, after redirects, and with a reason when there is no answer. */

import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { messageOf } from '../base/errors.js';
import { type Environment, proxyFor, withoutCredentials } from './proxy.js';

/** Why a download did not work; the message has neither the file's name nor a remedy. */
export class DownloadFailure extends Error {
  constructor(
    message: string,
    /** Trying once more is of no use. */
    readonly isFinal: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** An answer; its body is only there during the call that it is handed to. */
export interface HttpResponse {
  readonly status: number;
  /** A header's value; undefined when it is not there, or more than once. */
  header(name: string): string | undefined;
  readonly body: Readable;
}

export interface GetOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** Where proxies are named. */
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

const MOST_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Requests `address` and hands the answer, of any status but redirects, to `use`.
 *
 * @throws DownloadFailure final for redirects without end or from https to anything else, for proxies that cannot be
 * used, and for certificates that cannot be trusted. What fails below HTTP or in `use` is thrown as it is.
 */
export async function get<T>(
  address: URL,
  { headers, environment, signal }: GetOptions,
  use: (response: HttpResponse) => Promise<T>,
): Promise<T> {
  // Loaded where something is downloaded: it takes as long as all the rest of a command that downloads nothing.
  const http = await import('undici');
  let current = address;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const dispatcher = dispatcherFor(http, current, environment);
    try {
      const response = await http.request(current, { dispatcher, headers: { ...headers }, signal });
      // A connection may break while nobody reads; whoever reads later is told then.
      response.body.on('error', () => {});
      const header = (name: string): string | undefined => {
        const value = response.headers[name];
        return typeof value === 'string' ? value : undefined;
      };
      if (!REDIRECTS.has(response.statusCode)) {
        return await use({ status: response.statusCode, header, body: response.body });
      }
      current = redirected(current, header('location'));
    } finally {
      await dispatcher.destroy();
    }
  }
  throw new DownloadFailure(`it redirects more than ${MOST_REDIRECTS} times`, true);
}

/** Time limits are the caller's, by its signal: undici's own do not cover the connection to a proxy. */
const WITHOUT_LIMITS = { headersTimeout: 0, bodyTimeout: 0 };

function dispatcherFor(
  { Agent, ProxyAgent }: Pick<typeof import('undici'), 'Agent' | 'ProxyAgent'>,
  address: URL,
  environment: Environment,
): Dispatcher {
  let proxy: URL | undefined;
  try {
    proxy = proxyFor(address, environment);
  } catch (error) {
    throw new DownloadFailure(messageOf(error), true, { cause: error });
  }
  return proxy
    ? new ProxyAgent({ ...WITHOUT_LIMITS, uri: proxy.href, proxyTunnel: false })
    : new Agent(WITHOUT_LIMITS);
}

/** Where a redirect leads. @throws DownloadFailure when that is nowhere, or less safe than before. */
export function redirected(from: URL, location: string | undefined): URL {
  if (!location || !URL.canParse(location, from.href)) {
    throw new DownloadFailure('it redirects to nowhere', true);
  }
  const to = new URL(location, from);
  const isSafe = to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:');
  if (!isSafe) {
    throw new DownloadFailure(
      `it redirects from ${from.protocol.slice(0, -1)} to ${withoutCredentials(to)}, which is not safe`,
      true,
    );
  }
  return to;
}

const UNTRUSTED = /^(CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS_CERT)/;

/**
 * An error of the network as a {@link DownloadFailure}; such a failure stays what it is.
 *
 * @throws anything else: errors of the network have a code, others are not the network's.
 */
export function networkFailure(error: unknown, address: URL, environment: Environment): DownloadFailure {
  if (error instanceof DownloadFailure) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string') throw error;
  const text = messageOf(error) || code;
  if (UNTRUSTED.test(code)) {
    const remedy = 'NODE_EXTRA_CA_CERTS can name the certificates of your network';
    return new DownloadFailure(`its certificate is not trusted (${text}; ${remedy})`, true, { cause: error });
  }
  return new DownloadFailure(`no connection or a broken one (${text})${via(address, environment)}`, false, {
    cause: error,
  });
}

/** For messages: " through the proxy …". */
export function via(address: URL, environment: Environment): string {
  const proxy = proxyFor(address, environment);
  return proxy ? ` through the proxy ${withoutCredentials(proxy)}` : '';
}
