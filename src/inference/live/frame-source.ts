/** @file What a demonstration is shown of: a picture, a folder of pictures, a video or a camera, told by what is there. */

import { stat } from 'node:fs/promises';
import { basename, extname, posix } from 'node:path';
import { messageOf, OtxError } from '../../base/errors.js';
import type { Inputs } from '../../base/outputs/places.js';
import { readHead, whyUnreadable } from '../../base/read-file.js';
import { HEAD_BYTES, imageFormat } from '../../data/images/image-format.js';
import type { RawImage } from '../../data/images/raw-image.js';
import type { DecodedImage } from '../../data/types.js';
import { findGivenPictures } from '../given-pictures.js';
import { MissingTool } from './ffmpeg.js';
import { cameraFrames, cameraOf, probeVideo, USUAL_RATE, videoFrames } from './video.js';

/** One picture to be segmented. */
export interface SourceFrame {
  /** Of a picture its path below the folder, of a video or a camera that of all. */
  readonly name: string;
  /** The path of a file, or pixels. */
  readonly image: string | RawImage;
}

/** Where frames come from. */
export interface FrameSource {
  readonly kind: 'picture' | 'folder' | 'video' | 'camera';
  /** Frames of one pass, where that is known. */
  readonly total: number | undefined;
  /** Frames a second of a video; undefined where frames have no times, and of a camera. */
  readonly rate: number | undefined;
  /** Of pictures the path of each below a folder of results; of all else that of the one video. */
  readonly outputs: readonly string[];
  /** What is read, as the gate for outputs wants to know it. */
  readonly inputs: Inputs;
  /** Sentences on how it is read. */
  readonly notices: readonly string[];
  /** One pass. */
  frames(): AsyncIterable<SourceFrame>;
}

export interface SourceOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onNotice: (message: string) => void;
}

/** @throws OtxError `image` with the reason of each kind of source for which it is none. */
export async function openFrameSource(input: string, options: SourceOptions): Promise<FrameSource> {
  const facts = await stat(input).catch((error: unknown) => whyUnreadable(error));
  if (typeof facts !== 'string' && facts.isDirectory()) return picturesOf(input);
  const isDevice = typeof facts !== 'string' && facts.isCharacterDevice();
  const isFile = typeof facts !== 'string' && facts.isFile();
  if (isFile) {
    return imageFormat(await readHead(input, HEAD_BYTES)) ? picturesOf(input) : videoOf(input, options);
  }
  const camera = cameraOf(input, isDevice);
  if (camera) {
    return {
      ...{ kind: 'camera', total: undefined, rate: undefined, inputs: {}, notices: [] },
      outputs: ['camera.mp4'],
      frames: () => pixelsOf('camera', cameraFrames(camera, options.signal)),
    };
  }
  const reason = typeof facts === 'string' ? facts : 'is a pipe or a device';
  throw new OtxError(
    'image',
    `${input}: ${reason}; expected a picture, a folder of pictures, a video, or a camera, which is named by its number, such ` +
      'as 0, or on Windows as video=NAME',
  );
}

async function picturesOf(input: string): Promise<FrameSource> {
  const { files, inputs, isFolder, skipped } = await findGivenPictures(input);
  const outputs = pictureNames(files.map(({ relative }) => relative));
  return {
    kind: isFolder ? 'folder' : 'picture',
    total: files.length,
    rate: undefined,
    outputs,
    inputs,
    notices: skipped === undefined ? [] : [skipped],
    frames: async function* () {
      for (const { path, relative } of files) yield { name: relative, image: path };
    },
  };
}

async function videoOf(input: string, { signal, onNotice }: SourceOptions): Promise<FrameSource> {
  const { rate, isKnown } = await probeVideo(input, signal).catch((error: unknown) => {
    if (error instanceof MissingTool) throw error;
    throw new OtxError(
      'image',
      `${input}: is neither a picture that is read nor a video: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  });
  const name = basename(input);
  return {
    kind: 'video',
    total: undefined,
    rate,
    outputs: [`${name.slice(0, name.length - extname(name).length)}.mp4`],
    inputs: { images: [{ path: input, what: 'the video to segment' }] },
    notices: isKnown
      ? []
      : [`${input}: does not say how many frames it shows a second; ${USUAL_RATE} are taken`],
    frames: () => pixelsOf(name, videoFrames(input, { signal, onDefect: onNotice })),
  };
}

async function* pixelsOf(name: string, frames: AsyncIterable<DecodedImage>): AsyncGenerator<SourceFrame> {
  for await (const { data, width, height } of frames)
    yield { name, image: { data, width, height, channels: 3 } };
}

/** Formats in which pictures are written. */
const WRITTEN = new Set(['.jpg', '.jpeg', '.png', '.webp']);

/** Their own names, with `.png` behind those whose format is not written, and where two differ in upper and lower case alone. */
export function pictureNames(names: readonly string[]): string[] {
  const keyOf = (name: string) => name.normalize('NFC').toLowerCase();
  const taken = new Set<string>();
  const result = names.map((name) => {
    if (!WRITTEN.has(posix.extname(name).toLowerCase()) || taken.has(keyOf(name))) return undefined;
    taken.add(keyOf(name));
    return name;
  });
  return result.map((name, index) => {
    if (name !== undefined) return name;
    let longer = `${names[index]}.png`;
    while (taken.has(keyOf(longer))) longer += '.png';
    taken.add(keyOf(longer));
    return longer;
  });
}
