/** @file Videos and cameras as frames, through the ffmpeg of the machine. */

import { OtxError } from '../../base/errors.js';
import type { DecodedImage } from '../../data/types.js';
import { askTool, inputArguments, startTool } from './ffmpeg.js';
import { newestOf, ppmFrames } from './ppm-frames.js';

/** Every frame once, whatever times a file claims for them, and the first picture stream alone. */
const EACH_FRAME_ONCE = ['-map', '0:v:0', '-an', '-sn', '-dn', '-vf', 'setpts=N/25/TB', '-r', '25'];
const AS_PPM = ['-f', 'image2pipe', '-c:v', 'ppm', '-pix_fmt', 'rgb24', 'pipe:1'];

/** What a video says of itself. */
export interface VideoFacts {
  /** Frames a second; {@link USUAL_RATE} where the file says nothing sensible. */
  readonly rate: number;
  /** Whether the file says the rate. */
  readonly isKnown: boolean;
}

/** Frames a second of a video that does not say its own. */
export const USUAL_RATE = 25;
const FASTEST_RATE = 1000;

/** @throws OtxError `image` for a file that is no video, or without ffmpeg. */
export async function probeVideo(path: string, signal?: AbortSignal): Promise<VideoFacts> {
  const answer = await askTool(
    'ffprobe',
    [
      ...['-select_streams', 'v:0', '-show_entries', 'stream=avg_frame_rate,r_frame_rate', '-of', 'json'],
      ...inputArguments(path),
    ],
    signal,
  );
  const { streams = [] } = JSON.parse(answer) as {
    streams?: { avg_frame_rate?: string; r_frame_rate?: string }[];
  };
  const [stream] = streams;
  if (!stream) throw new OtxError('image', 'it has no pictures, perhaps sound alone');
  const rates = [stream.avg_frame_rate, stream.r_frame_rate].map(rateOf);
  const rate = rates.find((one) => one !== undefined);
  return { rate: rate ?? USUAL_RATE, isKnown: rate !== undefined };
}

/** `30000/1001` as a number, where that can be. */
function rateOf(text: string | undefined): number | undefined {
  const [, above, below] = /^(\d+)\/(\d+)$/.exec(text ?? '') ?? [];
  const rate = Number(above) / Number(below);
  return rate > 0 && rate <= FASTEST_RATE ? rate : undefined;
}

/**
 * The frames of a video file, decoded as they are asked for.
 *
 * @param onDefect told where the file ends before its end, in a sentence.
 * @throws OtxError `image` where not a single frame can be decoded.
 */
export async function* videoFrames(
  path: string,
  {
    signal,
    onDefect,
  }: { readonly signal?: AbortSignal | undefined; readonly onDefect: (reason: string) => void },
): AsyncGenerator<DecodedImage> {
  const decoder = startTool('ffmpeg', [...inputArguments(path), ...EACH_FRAME_ONCE, ...AS_PPM], signal);
  decoder.stdin.end();
  let frames = 0;
  try {
    for await (const frame of ppmFrames(decoder.stdout)) {
      frames++;
      yield frame;
    }
    const code = await decoder.ended;
    if (signal?.aborted) return;
    const reason = decoder.complaint();
    if (frames === 0)
      throw new OtxError('image', `${path}: has no frame that can be decoded (${reason || `exit ${code}`})`);
    if (code !== 0 || reason !== '')
      onDefect(`${path}: ${frames} frames were decoded, not all as they were meant (${reason})`);
  } finally {
    decoder.kill();
  }
}

/** How ffmpeg opens a camera. */
export interface Camera {
  /** As a user calls it. */
  readonly name: string;
  readonly args: readonly string[];
}

/**
 * The camera that is meant by `0`, `/dev/video0` (Linux) or `video=NAME` (Windows); undefined for anything else.
 *
 * @param isDevice whether there is a device under this path.
 */
export function cameraOf(
  input: string,
  isDevice: boolean,
  platform: NodeJS.Platform = process.platform,
): Camera | undefined {
  const isNumber = /^\d{1,3}$/.test(input);
  const camera = (format: string, device: string, ...more: string[]): Camera => ({
    name: input,
    args: ['-f', format, '-fflags', 'nobuffer', ...more, '-i', device],
  });
  if (platform === 'win32') return /^video=./.test(input) ? camera('dshow', input) : undefined;
  if (platform === 'darwin')
    return isNumber ? camera('avfoundation', `${input}:none`, '-framerate', '30') : undefined;
  if (isNumber) return camera('v4l2', `/dev/video${input}`);
  return isDevice ? camera('v4l2', input) : undefined;
}

/** The newest frame of a camera whenever one is asked for. @throws OtxError `image` where it gives none */
export async function* cameraFrames(
  { name, args }: Camera,
  signal?: AbortSignal,
): AsyncGenerator<DecodedImage> {
  const decoder = startTool('ffmpeg', [...args, '-an', ...AS_PPM], signal);
  decoder.stdin.end();
  let frames = 0;
  for await (const frame of newestOf(ppmFrames(decoder.stdout), decoder.kill)) {
    frames++;
    yield frame;
  }
  const code = await decoder.ended;
  if (signal?.aborted || frames > 0) return;
  throw new OtxError(
    'image',
    `${name}: this camera gives no pictures (${decoder.complaint() || `exit ${code}`})`,
  );
}
