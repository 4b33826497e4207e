/**
 * @file The ffmpeg of the machine, as processes of their own that are spoken to through pipes. What a file claims can fool its
 * decoder, but not this process: it takes bytes from a pipe, checks what they say, and holds one frame at a time.
 */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { OtxError } from '../../base/errors.js';
import { printableLine } from '../../base/text.js';

export type Tool = 'ffmpeg' | 'ffprobe';

/** Of what a tool complains about, the end is kept. */
const KEPT_COMPLAINTS = 4096;
/** Which part of it complains, at which address. */
const SPEAKER = /^\[[^\]]* @ 0x[0-9a-f]+\]\s*/;
/** Pixels of a frame that is decoded: 8192x8192. */
export const MOST_FRAME_PIXELS = 2 ** 26;

/**
 * Containers that are read, by ffmpeg's names. Those that name other files, such as playlists, are not among them: a video may
 * lead to nothing but itself.
 */
const CONTAINERS = [
  ...['mov,mp4,m4a,3gp,3g2,mj2', 'matroska,webm', 'avi', 'mpegts', 'mpeg', 'flv', 'asf', 'ogg', 'gif'],
  ...[
    'apng',
    'h264',
    'hevc',
    'mpegvideo',
    'm4v',
    'ivf',
    'nut',
    'yuv4mpegpipe',
    'mjpeg',
    'rm',
    'wtv',
    'mxf',
    'dv',
  ],
].join(',');

/** Arguments that open a file of a user. */
export const inputArguments = (path: string): string[] => [
  ...[
    '-protocol_whitelist',
    'file',
    '-format_whitelist',
    CONTAINERS,
    '-max_pixels',
    String(MOST_FRAME_PIXELS),
  ],
  ...['-i', `file:${path}`],
];

export interface RunningTool {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when it has ended, with 0 where it was content; null when it was ended. Rejects where the tool is not there. */
  readonly ended: Promise<number | null>;
  /** The last line that it complained in; empty for none. */
  complaint(): string;
  /** Ends it at once. */
  kill(): void;
}

/** Starts a tool. @param signal ends it at once */
export function startTool(tool: Tool, args: readonly string[], signal?: AbortSignal): RunningTool {
  const child = spawn(tool, ['-v', 'error', '-hide_banner', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
    // Ctrl-C is for this process, which lets a video that is being written come to its end.
    detached: process.platform !== 'win32',
  });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-KEPT_COMPLAINTS);
  });
  // A tool that ends early takes no more input; why it ended is told by its exit.
  child.stdin.on('error', () => undefined);
  const kill = () => void child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  if (signal?.aborted) kill();
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    ended: endOf(tool, child, () => signal?.removeEventListener('abort', kill)),
    complaint: () => printableLine((complaints.trim().split('\n').at(-1) ?? '').replace(SPEAKER, '')),
    kill,
  };
}

function endOf(
  tool: Tool,
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  onEnd: () => void,
): Promise<number | null> {
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('close', (code) => {
      onEnd();
      resolve(code);
    });
    child.on('error', (error: NodeJS.ErrnoException) => reject(missing(tool, error)));
  });
  // Whoever reads the pipe sees its end first and asks afterwards.
  ended.catch(() => undefined);
  return ended;
}

/** A tool that is not on this machine. */
export class MissingTool extends OtxError {}

function missing(tool: Tool, error: NodeJS.ErrnoException): MissingTool {
  const reason =
    error.code === 'ENOENT' ? 'was not found on this machine' : `cannot be started (${error.message})`;
  return new MissingTool(
    'image',
    `${tool} ${reason}; videos and cameras are read through it: install ffmpeg (it brings ffprobe along) and make sure that ` +
      'it is on the PATH; pictures and folders of pictures need none',
    { cause: error },
  );
}

/** Longest wait for an answer about a file. */
const ANSWER_MILLISECONDS = 20_000;
/** Characters of an answer; those of a sane file are a few hundred. */
const LONGEST_ANSWER = 2 ** 20;

/** What a tool says. @throws OtxError `image` with its complaint where it fails, takes too long or says too much */
export async function askTool(tool: Tool, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const running = startTool(tool, args, signal);
  running.stdin.end();
  const timer = setTimeout(running.kill, ANSWER_MILLISECONDS);
  let answer = '';
  try {
    for await (const piece of running.stdout.setEncoding('utf8')) {
      answer += piece;
      if (answer.length > LONGEST_ANSWER) running.kill();
    }
    if ((await running.ended) === 0) return answer;
  } finally {
    clearTimeout(timer);
  }
  throw new OtxError('image', running.complaint() || `${tool} gave no answer`);
}
