/** @file Downloads that survive bad networks: they go on where they stopped, try again, and give up in the end. */

import { setTimeout as wait } from 'node:timers/promises';
import { OtxError } from '../base/errors.js';
import { DownloadFailure, get, type HttpResponse, networkFailure, via } from './http-get.js';
import type { Origin, PartFile } from './part-file.js';
import type { Environment } from './proxy.js';

/** Times are in milliseconds. */
export interface Patience {
  readonly attempts: number;
  /** Before the second attempt; doubles with each one after it. */
  readonly firstPause: number;
  /** Longest silence of a server. */
  readonly longestSilence: number;
  /**
   * Longest wait for the file's headers, connecting and redirects included: what has not answered with the file by then, or answers
   * with something else, is given up and not asked again. Default: `longestSilence`, and it is asked again.
   */
  readonly firstAnswer?: number;
}

export interface DownloadOptions {
  /** Refuse files with more bytes than this. */
  readonly limit: number;
  readonly patience: Patience;
  readonly environment: Environment;
  readonly signal?: AbortSignal;
  /** Called with every piece; `total` is undefined when the server does not tell. */
  readonly onProgress?: (received: number, total: number | undefined) => void;
}

/**
 * Downloads `part.origin.address` to the end of `part`.
 *
 * @throws DownloadFailure after the last attempt, or at once for what will not get better (the file is not there, too
 * large, redirected without end); OtxError `aborted`, or `output` when the disk is full.
 */
export async function download(part: PartFile, options: DownloadOptions): Promise<void> {
  const { attempts, firstPause, longestSilence, firstAnswer = longestSilence } = options.patience;
  const { signal } = options;
  let mayAskAgain = options.patience.firstAnswer === undefined;
  for (let attempt = 1; !part.isComplete; attempt++) {
    try {
      return await receive(part, options, {
        longestWait: mayAskAgain ? longestSilence : firstAnswer,
        onAnswer: () => {
          mayAskAgain = true;
        },
      });
    } catch (error) {
      if (signal?.aborted) throw aborted(part);
      if (!(error instanceof DownloadFailure) || error.isFinal) throw error;
      if (!mayAskAgain) throw new DownloadFailure(error.message, true, { cause: error });
      if (attempt >= attempts) {
        throw new DownloadFailure(`${error.message}, after ${attempts} attempts`, true, { cause: error });
      }
    }
    await wait(firstPause * 2 ** (attempt - 1), undefined, { signal }).catch(() => {
      throw aborted(part);
    });
  }
}

function aborted({ origin }: PartFile): OtxError {
  return new OtxError('aborted', `stopped while downloading ${origin.address}`);
}

interface Attempt {
  /** For headers, in milliseconds. */
  readonly longestWait: number;
  /** Called when the server has something of the file, or of what it was when a part of it came. */
  readonly onAnswer: () => void;
}

/** One attempt. */
async function receive(
  part: PartFile,
  options: DownloadOptions,
  { longestWait, onAnswer }: Attempt,
): Promise<void> {
  const { environment, limit, onProgress } = options;
  const address = new URL(part.origin.address);
  const watch = new SilenceWatch(longestWait, options.signal);
  try {
    await get(address, { headers: headersFor(part), environment, signal: watch.signal }, async (response) => {
      watch.heard(options.patience.longestSilence);
      if (ANSWERS.has(response.status)) onAnswer();
      if (response.status !== 200 && response.status !== 206) {
        if (response.status === 416) await part.restart(unknown(part));
        throw statusFailure(response.status, via(address, environment));
      }
      await align(part, response);
      if ((part.origin.total ?? 0) > limit) throw tooLarge(limit);
      for await (const bytes of response.body as AsyncIterable<Uint8Array>) {
        if (part.size + bytes.length > limit) throw tooLarge(limit);
        await part.append(bytes);
        watch.heard(options.patience.longestSilence);
        onProgress?.(part.size, part.origin.total);
      }
    });
  } catch (error) {
    if (error instanceof OtxError) throw error;
    if (watch.isSilent) {
      throw new DownloadFailure(
        `nothing came for ${watch.milliseconds / 1000} s${via(address, environment)}`,
        false,
        { cause: error },
      );
    }
    throw networkFailure(error, address, environment);
  } finally {
    watch.stop();
  }
  await checkEnd(part);
}

async function checkEnd(part: PartFile): Promise<void> {
  const { size } = part;
  const { total } = part.origin;
  if (total === undefined || size === total) return;
  if (size > total) await part.restart(unknown(part));
  throw new DownloadFailure(`it ended after ${size} of ${total} bytes`, false);
}

function headersFor({ size, origin }: PartFile): Record<string, string> {
  // A compressed answer could not be continued: ranges count the bytes that are sent.
  const headers = { 'accept-encoding': 'identity', 'user-agent': 'otx' };
  return size > 0 && origin.validator !== undefined
    ? { ...headers, range: `bytes=${size}-`, 'if-range': origin.validator }
    : headers;
}

/** Makes `part` end where the body of `response` begins: a server may start again, because the file is another one now. */
async function align(part: PartFile, response: HttpResponse): Promise<void> {
  const encoding = response.header('content-encoding') ?? 'identity';
  if (encoding !== 'identity') throw new DownloadFailure(`it is sent with encoding ${encoding}`, true);
  if (response.status === 200) {
    await part.restart({
      address: part.origin.address,
      validator: validatorOf(response),
      total: count(response.header('content-length')),
    });
    return;
  }
  const [, first, total] =
    /^bytes (\d+)-\d+\/(\d+)$/.exec(response.header('content-range')?.trim() ?? '') ?? [];
  const isSameFile = [undefined, part.origin.validator].includes(validatorOf(response));
  const fits = part.size > 0 && Number(first) === part.size && isSameFile;
  if (fits && (part.origin.total ?? Number(total)) === Number(total)) return;
  await part.restart(unknown(part));
  throw new DownloadFailure('it answers with another part of the file than the one asked for', false);
}

function unknown({ origin: { address } }: PartFile): Origin {
  return { address, validator: undefined, total: undefined };
}

/** Weak ETags do not promise equal bytes, and so cannot be used to continue. */
function validatorOf(response: HttpResponse): string | undefined {
  const tag = response.header('etag');
  return tag?.startsWith('"') ? tag : response.header('last-modified');
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Statuses of a server that has the file: all of it, the rest of it, or less than the part that is here. */
const ANSWERS: ReadonlySet<number> = new Set([200, 206, 416]);

/** Statuses that often pass: timeout, range, too early, too many requests. */
const PASSING: ReadonlySet<number> = new Set([408, 416, 425, 429]);

function statusFailure(status: number, via: string): DownloadFailure {
  const what = status === 404 || status === 410 ? ', it is not there' : '';
  return new DownloadFailure(
    `the server answers with HTTP status ${status}${what}${via}`,
    status < 500 && !PASSING.has(status),
  );
}

function tooLarge(limit: number): DownloadFailure {
  return new DownloadFailure(`it has more than ${limit} bytes, which no such file has`, true);
}

/** A signal that fires when a server has been silent for too long, whatever it is silent about, or when the user stops. */
class SilenceWatch {
  private readonly silence = new AbortController();
  private timer: NodeJS.Timeout;
  readonly signal: AbortSignal;

  /** @param milliseconds that it waits now. */
  constructor(
    public milliseconds: number,
    signal: AbortSignal | undefined,
  ) {
    this.timer = setTimeout(() => this.silence.abort(), milliseconds);
    this.signal = signal ? AbortSignal.any([signal, this.silence.signal]) : this.silence.signal;
  }

  get isSilent(): boolean {
    return this.silence.signal.aborted;
  }

  /** @param milliseconds that it waits from now on. */
  heard(milliseconds: number): void {
    if (milliseconds === this.milliseconds) {
      this.timer.refresh();
      return;
    }
    this.stop();
    this.milliseconds = milliseconds;
    this.timer = setTimeout(() => this.silence.abort(), milliseconds);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
