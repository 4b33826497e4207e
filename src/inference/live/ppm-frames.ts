/** @file Frames out of a pipe: pictures in the format PPM, each with its own size in front, as they come. */

import { OtxError } from '../../base/errors.js';
import { quoted } from '../../base/text.js';
import type { DecodedImage } from '../../data/types.js';
import { MOST_FRAME_PIXELS } from './ffmpeg.js';

/** `P6`, width, height and the largest sample, each ended by one white space. */
const HEADER = /^P6\s(\d{1,5})\s(\d{1,5})\s255\s/;
const LONGEST_HEADER = 32;

/**
 * HWC RGB pictures; a last one that is incomplete is left out.
 *
 * @throws OtxError `image` where a header is none, or claims more pixels than are read.
 */
export async function* ppmFrames(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<DecodedImage> {
  let head = Buffer.alloc(0);
  let frame: { readonly image: DecodedImage; filled: number } | undefined;
  for await (const given of pieces) {
    for (let piece = Buffer.from(given.buffer, given.byteOffset, given.length); piece.length > 0; ) {
      if (!frame) {
        const known = head.length;
        head = Buffer.concat([head, piece.subarray(0, LONGEST_HEADER - known)]);
        const match = HEADER.exec(head.toString('latin1'));
        if (!match && head.length < LONGEST_HEADER) break;
        frame = { image: emptyFrame(match, head), filled: 0 };
        piece = piece.subarray(match![0].length - known);
        head = Buffer.alloc(0);
      }
      const { data } = frame.image;
      const part = piece.subarray(0, data.length - frame.filled);
      data.set(part, frame.filled);
      frame.filled += part.length;
      piece = piece.subarray(part.length);
      if (frame.filled < data.length) break;
      const { image } = frame;
      frame = undefined;
      yield image;
    }
  }
}

function emptyFrame(match: RegExpExecArray | null, head: Buffer): DecodedImage {
  if (!match) {
    throw new OtxError(
      'image',
      `a frame begins with ${quoted(head.toString('latin1'))}, which is no picture`,
    );
  }
  const [width, height] = [Number(match[1]), Number(match[2])];
  const pixels = width * height;
  if (pixels === 0 || pixels > MOST_FRAME_PIXELS) {
    throw new OtxError(
      'image',
      `a frame of ${width}x${height} pixels; from 1 to ${MOST_FRAME_PIXELS} are read`,
    );
  }
  return { data: new Uint8Array(3 * pixels), width, height };
}

/**
 * The newest picture whenever one is asked for, as of a camera, which does not wait: what came in between is passed over.
 *
 * @param stop makes the pictures end, whoever waits for one.
 */
export async function* newestOf<T>(frames: AsyncIterable<T>, stop: () => void): AsyncGenerator<T> {
  let newest: { readonly frame: T } | undefined;
  let isOver = false;
  let wake = () => {};
  let failure: unknown;
  const reading = (async () => {
    try {
      for await (const frame of frames) {
        newest = { frame };
        wake();
      }
    } catch (error) {
      failure = error;
    }
    isOver = true;
    wake();
  })();
  try {
    for (;;) {
      if (newest) {
        const { frame } = newest;
        newest = undefined;
        yield frame;
      } else if (isOver) {
        if (failure !== undefined) throw failure;
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    stop();
    await reading;
  }
}
