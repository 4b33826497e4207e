/** @file What a demonstration writes: every picture as a file, or all frames as one video. */

import { extname } from 'node:path';
import type { Outputs } from '../../base/outputs/outputs.js';
import sharp from '../../data/images/sharp.js';
import type { RgbImage } from '../../drawing/overlay.js';
import type { FrameSource } from './frame-source.js';
import { openVideoWriter, type VideoWriter } from './video-writer.js';

/** Takes frames in their order. */
export interface Recorder {
  /** Relative paths of what was written. */
  readonly files: readonly string[];
  /** @param position of the frame in its pass. @throws OtxError `output` */
  add(picture: RgbImage, position: number): Promise<void>;
  /** Completes what is under way. May be called again. @throws OtxError `output` */
  end(): Promise<void>;
}

export function createRecorder(outputs: Outputs, source: FrameSource): Recorder {
  return source.kind === 'picture' || source.kind === 'folder'
    ? pictureRecorder(outputs, source.outputs)
    : videoRecorder(outputs, source.outputs[0]!, source.rate);
}

function pictureRecorder(outputs: Outputs, names: readonly string[]): Recorder {
  const files: string[] = [];
  return {
    files,
    add: async (picture, position) => {
      const name = names[position]!;
      await outputs.write(name, await encodePicture(picture, name));
      files.push(name);
    },
    end: async () => undefined,
  };
}

function videoRecorder(outputs: Outputs, name: string, rate: number | undefined): Recorder {
  const files: string[] = [];
  let video: { readonly writer: VideoWriter; readonly written: Promise<void> } | undefined;
  return {
    files,
    add: async (picture) => {
      if (!video) {
        const { width, height } = picture;
        const writer = await openVideoWriter({ width, height, rate });
        const written = outputs.writeStream(name, writer.bytes);
        // Whatever ends the writing ends the encoder, so that nobody waits for it; why is told below.
        written.catch(writer.kill);
        video = { writer, written };
        files.push(name);
      }
      await Promise.race([video.writer.add(picture), video.written]);
    },
    end: async () => {
      video?.writer.end();
      await video?.written;
    },
  };
}

/** The bytes of a picture file of the format of its name; JPEG where it has none. */
export function encodePicture({ data, width, height }: RgbImage, name: string): Promise<Uint8Array> {
  const pipeline = sharp(data, { raw: { width, height, channels: 3 } });
  const ending = extname(name).toLowerCase();
  if (ending === '.png') return pipeline.png({ compressionLevel: 7 }).toBuffer();
  return (ending === '.webp' ? pipeline.webp({ quality: 92 }) : pipeline.jpeg({ quality: 92 })).toBuffer();
}
