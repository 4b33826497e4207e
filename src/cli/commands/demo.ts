/** @file `otx demo`. */

import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { OtxError } from '../../base/errors.js';
import { type DemoFrame, type DemoResult, demonstrate } from '../../index.js';
import { parseInputSize } from '../arguments.js';
import type { Display } from '../display/display.js';
import { frameLine } from '../display/frame-line.js';
import { DISPLAYS, type DisplayName, openDisplay } from '../display/open-display.js';
import { addSettingFlags, settingsNamed, typedOptions } from '../setting-flags.js';
import { type CommandContext, paramsHint } from './context.js';
import { addModelFlags, type ModelFlags, modelsFrom } from './model-flags.js';
import { unusable } from './unusable.js';

/** What the reference waits after each frame, in milliseconds. */
const DEFAULT_DELAY = 3;
/** A day. */
const LONGEST_DELAY = 86_400_000;
/** Seconds between lines about a video that is not shown. */
const LINE_SECONDS = 1;

interface Flags extends ModelFlags {
  input: string;
  output?: string;
  loop?: boolean;
  delay: number;
  display: DisplayName;
  displayPerf?: boolean;
  fitToSize?: string[];
  bands?: string;
  threads?: number;
  tile?: string;
  overlap?: string;
}

export function addDemo(program: Command, context: CommandContext): void {
  const { terminal, settings, run } = context;
  const command = addModelFlags(
    program
      .command('demo')
      .description('show a model at work on a picture, a folder of pictures, a video or a camera')
      .argument('[template]', 'template of the model; needed for weights of PyTorch, others name it')
      .requiredOption(
        '-i, --input <path>',
        'a picture, a folder of pictures, a video, or a camera: 0, 1, … or its device (videos and cameras: through ffmpeg)',
      ),
  )
    .option(
      '-o, --output <folder>',
      'also writes pictures under their own names, or the video as MP4 (default: nothing)',
    )
    .option('--loop', 'begin again at the end, until Ctrl-C; not together with --output')
    .option(
      '--delay <milliseconds>',
      `how long each frame stays at least; 0: none is shown, a line tells of each (default: ${DEFAULT_DELAY})`,
      parseDelay,
      DEFAULT_DELAY,
    )
    .addOption(
      new Option(
        '--display <where>',
        'where frames are shown: kitty, sixel and blocks in the terminal, auto: as well as the terminal can; page: on a page ' +
          'of this machine for the browser; none',
      )
        .choices(DISPLAYS)
        .default('auto'),
    )
    .option(
      '--display-perf',
      'write time per frame and frames a second into the picture: the mean of the last ten',
    )
    .option(
      '--fit-to-size <pixels...>',
      'width and height within which frames are shown, e.g. 640 480; files keep their size',
    );
  addSettingFlags(command, settingsNamed('bands', 'tile', 'overlap', 'threads'))
    .addHelpText('after', paramsHint('demo', 'postprocessing.confidence_threshold 0.5'))
    .action(async (template: string | undefined, flags: Flags) => {
      const asked = {
        ...typedOptions({ ...flags }, settingsNamed('tile', 'overlap')),
        ...settings('demo'),
      };
      const { input, output, loop, delay, displayPerf, bands, threads, tta } = flags;
      const fitToSize = flags.fitToSize && sizeOf(flags.fitToSize);
      const weights = await modelsFrom(flags, context);
      const isHidden = flags.display === 'auto' && delay <= 0;
      let display: Display | undefined;
      const show = async (frame: DemoFrame, signal: AbortSignal) => {
        await display?.show(frame);
        if (display && delay > 0) await sleep(delay, undefined, { signal }).catch(() => undefined);
      };
      const isQuiet = !isHidden && terminal.live && !['none', 'page'].includes(flags.display);
      const result = await run(
        async (hooks) => {
          display = isHidden ? undefined : await openDisplay(flags.display, terminal, hooks.signal);
          const tell = lineTeller(terminal.print);
          try {
            const shown = await demonstrate({
              ...{ template, input, weights, tta, output, loop, fitToSize, displayPerf, bands, threads },
              ...{ ...asked, ...hooks },
              onFrame: (frame) =>
                (display ? show(frame, hooks.signal) : output === undefined && tell(frame)) || undefined,
            });
            await display?.finish();
            return shown;
          } finally {
            display?.close();
          }
        },
        { isQuiet },
      );
      report(result, output, terminal.print);
    });
}

/** Of pictures a line each, of a video one a second. */
function lineTeller(print: (text: string) => void): (frame: DemoFrame) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (frame) => {
    const now = performance.now() / 1000;
    if (frame.total === undefined && now - last < LINE_SECONDS) return;
    last = now;
    print(frameLine(frame));
  };
}

/** @throws OtxError `image` where pictures of a folder could not be used. */
function report(
  { frames, milliseconds, files, failed }: DemoResult,
  output: string | undefined,
  print: (text: string) => void,
): void {
  if (frames > 0) {
    const speed = `${milliseconds.toFixed(1)} ms each (mean of the last ten)`;
    const written =
      files.length === 0
        ? ''
        : `\nwritten ${files.length === 1 ? files[0] : `${files.length} pictures into ${output}`}`;
    print(`${frames} ${frames === 1 ? 'frame' : 'frames'} segmented, ${speed}${written}`);
  }
  if (failed.length > 0) throw unusable(failed, frames + failed.length);
}

function parseDelay(text: string): number {
  const delay = Number(text);
  if (text.trim() !== '' && delay <= LONGEST_DELAY && delay >= -LONGEST_DELAY) return delay;
  throw new InvalidArgumentError('expected milliseconds, such as 3; 0 shows nothing');
}

/** `640 480`, or `640x480`. */
function sizeOf(words: readonly string[]): { width: number; height: number } {
  try {
    if (words.length <= 2) return parseInputSize(words.join('x'));
  } catch {}
  throw new OtxError(
    'usage',
    `--fit-to-size is "${words.join(' ')}"; expected width and height in pixels, such as 640 480 (the template stands before the flags)`,
  );
}
