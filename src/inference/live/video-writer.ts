/** @file Frames to a video file, through the ffmpeg of the machine, piece by piece. */

import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { OtxError } from '../../base/errors.js';
import sharp from '../../data/images/sharp.js';
import type { RgbImage } from '../../drawing/overlay.js';
import { askTool, startTool } from './ffmpeg.js';

/** What a video is to be. */
export interface VideoForm {
  readonly width: number;
  readonly height: number;
  /** Frames a second; undefined for frames that are shown as long as they took to come. */
  readonly rate: number | undefined;
}

/** A video that is being made. */
export interface VideoWriter {
  /** The bytes of the MP4 file as they come. @throws OtxError `output` where it could not be made */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Adds a frame; one of another size is brought to that of the video. Resolves when there is room for the next one. */
  add(frame: RgbImage): Promise<void>;
  /** No more frames will come. */
  end(): void;
  /** Ends it at once. */
  kill(): void;
}

/** H.264, which browsers play, where this ffmpeg can write it; else MPEG-4, which all can. */
async function codecArguments(): Promise<string[]> {
  const encoders = await askTool('ffmpeg', ['-encoders']);
  return / libx264 /.test(encoders)
    ? ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20']
    : ['-c:v', 'mpeg4', '-q:v', '3'];
}

/** @throws OtxError `image` without ffmpeg. */
export async function openVideoWriter({ width, height, rate }: VideoForm): Promise<VideoWriter> {
  const timing = rate === undefined ? ['-use_wallclock_as_timestamps', '1'] : ['-r', String(rate)];
  const encoder = startTool('ffmpeg', [
    ...[...timing, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${width}x${height}`, '-i', 'pipe:0'],
    // Sides of these codecs are even.
    ...['-vf', 'pad=ceil(iw/2)*2:ceil(ih/2)*2', ...(await codecArguments()), '-pix_fmt', 'yuv420p'],
    // In parts, so that the file can be written from its beginning to its end.
    ...['-movflags', 'frag_keyframe+empty_moov', '-f', 'mp4', 'pipe:1'],
  ]);
  const { stdin, stdout, ended, kill } = encoder;
  return {
    bytes: (async function* () {
      try {
        yield* stdout as AsyncIterable<Uint8Array>;
        if ((await ended) === 0) return;
      } finally {
        kill();
      }
      throw new OtxError(
        'output',
        `the video could not be made (${encoder.complaint() || 'ffmpeg was ended'})`,
      );
    })(),
    add: async (frame) => {
      const { data } =
        frame.width === width && frame.height === height ? frame : await resized(frame, width, height);
      if (!stdin.write(data)) await roomIn(stdin);
    },
    end: () => void stdin.end(),
    kill,
  };
}

/** An encoder that has ended takes nothing; why it ended is told by its bytes. */
async function roomIn(stream: Writable): Promise<void> {
  if (stream.destroyed) return;
  const over = new AbortController();
  const events = ['drain', 'close'].map((name) =>
    once(stream, name, { signal: over.signal }).catch(() => undefined),
  );
  await Promise.race(events);
  over.abort();
}

/** The picture in exactly this size. */
export async function resized(image: RgbImage, width: number, height: number): Promise<RgbImage> {
  const raw = { width: image.width, height: image.height, channels: 3 } as const;
  const data = await sharp(image.data, { raw }).resize(width, height, { fit: 'fill' }).raw().toBuffer();
  return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), width, height };
}
