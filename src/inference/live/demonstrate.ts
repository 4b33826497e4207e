/** @file A trained model at work on pictures, a video or a camera: each frame is segmented, painted, handed out and written. */

import { join } from 'node:path';
import { throwIfAborted } from '../../base/abortable.js';
import { checkOptions } from '../../base/check-options.js';
import { OtxError, option } from '../../base/errors.js';
import { Outputs } from '../../base/outputs/outputs.js';
import { shown } from '../../base/shown.js';
import type { ClassInfo, Size } from '../../data/index.js';
import { parseBands } from '../../data/readings/bands.js';
import type { RgbImage } from '../../drawing/overlay.js';
import { withWords } from '../../drawing/words.js';
import { joinInputs, weightsInputs } from '../../runs/inputs.js';
import { kindsOf, type RunOptions } from '../../settings/run-vocabulary.js';
import { openModels, pathsOf } from '../combined-model.js';
import { namesUsedBy } from '../model-settings.js';
import { type CombinedOptions, type OpenedModel, withBands } from '../opened-model.js';
import { paintedPicture } from '../painted-picture.js';
import type { FailedImage } from '../predict.js';
import type { Segmentation } from '../segment-picture.js';
import { segmentSource } from '../segmenter.js';
import { COMBINED_KINDS } from '../trained-model.js';
import { type FrameSource, openFrameSource, type SourceFrame } from './frame-source.js';
import { createRecorder, encodePicture, type Recorder } from './recorder.js';
import { resized } from './video-writer.js';

/** What to show, and where it goes. */
export interface DemonstrateOptions extends CombinedOptions, Pick<RunOptions, 'bands'> {
  /**
   * A picture, a folder of pictures (sorted, with its subfolders), a video, or a camera: its number such as `0`, on Linux its
   * device, on Windows `video=NAME`. Videos and cameras are read through the `ffmpeg` of the machine.
   */
  readonly input: string;
  /**
   * Folder for the painted pictures under their own names, or for the painted video (MP4 with the frame rate of the source).
   * Of what is in it, only files of an earlier demonstration are replaced. Default: nothing is written.
   */
  readonly output?: string | undefined;
  /** Begins again at the end, until the signal fires; not together with `output`. Default false. */
  readonly loop?: boolean | undefined;
  /** Pixels within which `picture` of a frame is handed out, with its proportions kept; what is written keeps its size. Default: as it is. */
  readonly fitToSize?: Size | undefined;
  /** Writes time per frame and frames a second, the mean of the last ten, into the corner of each picture. Default false. */
  readonly displayPerf?: boolean | undefined;
  /** Is handed each frame; the next one is begun when what it returns has settled. */
  readonly onFrame?: ((frame: DemoFrame) => void | Promise<void>) | undefined;
}

/** One segmented picture. */
export interface DemoFrame {
  /** Of a picture its path below the folder, of a video its file name, of a camera `camera`. */
  readonly name: string;
  /** From 0, through all passes. */
  readonly index: number;
  /** Frames of one pass; undefined for videos and cameras. */
  readonly total: number | undefined;
  /** What is where. */
  readonly segmentation: Segmentation;
  /** From pixels or file to classes: the mean of the last ten frames, in milliseconds. */
  readonly milliseconds: number;
  /** The frame with the colours and names of its classes: 8-bit RGB, row by row. */
  readonly picture: PaintedFrame;
}

/** 8-bit RGB that can be had in other forms. */
export interface PaintedFrame {
  /** Red, green and blue of each pixel, row by row: [height, width, 3]. */
  readonly data: Uint8Array;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** The picture with exactly this many pixels, whatever that does to its proportions. */
  resized(width: number, height: number): Promise<PaintedFrame>;
  /** The bytes of a JPEG file. */
  jpeg(): Promise<Uint8Array>;
}

/** What was shown. */
export interface DemoResult {
  /** What the input was. */
  readonly kind: 'picture' | 'folder' | 'video' | 'camera';
  /** Of the model, background first. */
  readonly classes: readonly ClassInfo[];
  /** Frames that were segmented, in all passes. */
  readonly frames: number;
  /** Mean over the last ten frames, in milliseconds. */
  readonly milliseconds: number;
  /** Files that were written, in the order of the frames. */
  readonly files: readonly string[];
  /** Pictures of a folder that could not be decoded, once each. */
  readonly failed: readonly FailedImage[];
}

/** Frames over which times are averaged, as in the reference. */
const AVERAGED = 10;

/**
 * Segments pictures, a video or a camera, hands out each painted frame, and writes them where a folder is named. One frame is
 * held at a time. A camera gives its newest frame whenever the last one is done.
 *
 * @throws OtxError `image` for an input that is nothing of all that, or without an ffmpeg that is needed; `checkpoint`,
 * `output`, `usage`; `aborted` when the signal fired: a video is then complete up to its last frame.
 */
export async function demonstrate(options: DemonstrateOptions): Promise<DemoResult> {
  checkDemonstration(options);
  const { input, output, onEvent = () => undefined, signal } = options;
  const onNotice = (message: string) => onEvent({ type: 'notice', message });
  const source = await openFrameSource(input, { signal, onNotice });
  throwIfAborted(signal, 'looking at the input');
  const outputs = await openOutputs(source, options);
  const recorder = outputs && createRecorder(outputs, source);
  const demonstration = new Demonstration(options, source, recorder);
  let model: OpenedModel | undefined;
  try {
    model = withBands(await openModels(options), parseBands(options.bands));
    for (const message of source.notices) onNotice(message);
    await demonstration.run(model);
    await recorder?.end();
    return demonstration.result(model);
  } catch (error) {
    // What was shown until then is worth keeping; the error that ended it is the one to tell.
    await recorder?.end().catch(() => undefined);
    if (!(error instanceof OtxError && error.code === 'aborted')) throw error;
    const where = recorder && recorder.files.length > 0 ? `, which are in ${output}` : '';
    throw new OtxError('aborted', `stopped after ${demonstration.frames} frames${where}`);
  } finally {
    await Promise.all([model?.dispose(), outputs?.close()]);
  }
}

function checkDemonstration(options: DemonstrateOptions): void {
  checkOptions(
    'demonstrate()',
    options,
    {
      ...COMBINED_KINDS,
      ...kindsOf('bands'),
      ...{ input: 'path', output: 'path?', loop: 'boolean?', fitToSize: 'object?' },
      ...{ displayPerf: 'boolean?', onFrame: 'function?' },
    },
    namesUsedBy('predict'),
  );
  const { output, loop, fitToSize } = options;
  if (loop && output !== undefined) {
    throw new OtxError(
      'usage',
      `${option('loop')} never ends, so that there is nothing to write into ${option('output')}; leave one of them out`,
    );
  }
  const sides = fitToSize === undefined ? [1] : [fitToSize.width, fitToSize.height];
  if (sides.every((side) => Number.isInteger(side) && side >= 1 && side <= 0x3fff)) return;
  throw new OtxError(
    'usage',
    `${option('fitToSize')} is ${shown(fitToSize)}; expected width and height from 1 to 16383`,
  );
}

async function openOutputs(source: FrameSource, options: DemonstrateOptions): Promise<Outputs | undefined> {
  if (options.output === undefined) return undefined;
  return Outputs.open({
    root: options.output,
    files: source.outputs,
    inputs: joinInputs(source.inputs, weightsInputs(...pathsOf(options))),
  });
}

/** The frames one after the other, and what is remembered of them. */
class Demonstration {
  frames = 0;
  private readonly failed = new Map<string, string>();
  private readonly times: number[] = [];

  constructor(
    private readonly options: DemonstrateOptions,
    private readonly source: FrameSource,
    private readonly recorder: Recorder | undefined,
  ) {}

  async run(model: OpenedModel): Promise<void> {
    const { loop = false, signal } = this.options;
    do {
      const before = this.frames;
      let position = 0;
      for await (const frame of this.source.frames()) {
        throwIfAborted(signal, 'segmenting');
        await this.step(model, frame, position++);
      }
      throwIfAborted(signal, 'segmenting');
      // A folder without a single usable picture would be gone through for ever.
      if (this.frames === before) return;
    } while (loop);
  }

  result({ classes }: OpenedModel): DemoResult {
    const files = (this.recorder?.files ?? []).map((name) => join(this.options.output!, name));
    const failed = [...this.failed].map(([input, reason]) => ({ input, reason }));
    return { kind: this.source.kind, classes, frames: this.frames, milliseconds: this.mean(), files, failed };
  }

  private async step(model: OpenedModel, { name, image }: SourceFrame, position: number): Promise<void> {
    const { onEvent = () => undefined, onFrame, fitToSize, displayPerf = false } = this.options;
    const { total } = this.source;
    const painted = await this.paint(model, image);
    if (painted) {
      const { segmentation, picture } = painted;
      const words = `${this.mean().toFixed(1)} ms, ${(1000 / this.mean()).toFixed(1)} frames a second`;
      const marked = displayPerf ? await withWords(picture, words) : picture;
      await this.recorder?.add(marked, position);
      if (this.frames === 0 && this.recorder) onEvent({ type: 'output', folder: this.options.output! });
      const index = this.frames++;
      const fitted = fitToSize ? await fittedTo(marked, fitToSize) : marked;
      const milliseconds = this.mean();
      await onFrame?.({ name, index, total, segmentation, milliseconds, picture: frameOf(fitted) });
    }
    if (total !== undefined) onEvent({ type: 'progress', task: 'predict', done: position + 1, total });
  }

  /** Undefined for a picture of a folder that cannot be used, of which is told at the end. */
  private async paint(model: OpenedModel, image: SourceFrame['image']) {
    try {
      const segmented = await segmentSource(model, image);
      const { prepare, network, classify } = segmented.segmentation.milliseconds;
      this.times.push(prepare + network + classify);
      if (this.times.length > AVERAGED) this.times.shift();
      const path = typeof image === 'string' ? image : '';
      return { segmentation: segmented.segmentation, picture: await paintedPicture(path, segmented) };
    } catch (error) {
      if (this.source.kind !== 'folder' || !(error instanceof OtxError && error.code === 'image'))
        throw error;
      this.failed.set(image as string, error.message);
      return undefined;
    }
  }

  private mean(): number {
    return this.times.reduce((sum, time) => sum + time, 0) / this.times.length;
  }
}

async function fittedTo(image: RgbImage, { width, height }: Size): Promise<RgbImage> {
  const scale = Math.min(width / image.width, height / image.height);
  const [w, h] = [image.width, image.height].map((side) => Math.max(1, Math.round(side * scale)));
  return resized(image, w!, h!);
}

function frameOf(image: RgbImage): PaintedFrame {
  return {
    data: image.data,
    width: image.width,
    height: image.height,
    resized: async (width, height) => frameOf(await resized(image, width, height)),
    jpeg: () => encodePicture(image, '.jpg'),
  };
}
