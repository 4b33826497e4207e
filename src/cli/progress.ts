/** @file How a job's events look: a live bar on a terminal, plain lines in a file, and the rows that stay in both. */

import { megabytes } from '../base/text.js';
import {
  type DownloadEvent,
  type EpochEvent,
  formatReport,
  formatSplit,
  type ProgressEvent,
  type StartEvent,
  type StepEvent,
  type StudyEvent,
  type TaskEvent,
} from '../index.js';
import type { Bar, Terminal } from './terminal.js';

/** Without a terminal something is said at least this often, so that a log shows life. */
const SILENT_SECONDS = 5;
const BEAT_MILLISECONDS = 1000;
/** Rows of epochs break where they would become longer. */
const ROW_COLUMNS = 80;

const TASK_TITLES: Readonly<Record<ProgressEvent['task'], string>> = {
  check: 'checking masks',
  compare: 'comparing images',
  segment: 'making pseudo masks',
  probe: 'trying batch sizes',
  compile: 'compiling',
  validate: 'validating',
  evaluate: 'evaluating',
  predict: 'predicting',
  explain: 'explaining',
  draw: 'drawing',
  convert: 'converting',
  measure: 'measuring speed',
  calibrate: 'looking at images',
  'fine-tune': 'fine-tuning',
};

/** Short enough for 80 columns also where epochs and steps have many digits. */
const STEP_FORMAT = 'epoch {epoch} [{bar}] {value}/{total}  loss {loss}  {speed} img/s  ETA {remaining}';
const DOWNLOAD_FORMAT = '[{bar}] {received}';
/** For what cannot be counted. */
const WORKING = 'working';
const WORKING_FORMAT = `${WORKING} … {time}`;

/** What is going on, and since when. */
interface Status {
  readonly text: string;
  readonly since: number;
}

/** The line that is being drawn, and what stays above it. */
function createStage(terminal: Terminal, clock: () => number) {
  let bar: { readonly key: string; readonly drawn: Bar } | undefined;
  let status: Status = { text: WORKING, since: clock() };
  let lastLine = clock();

  const closeBar = () => {
    bar?.drawn.stop();
    bar = undefined;
  };
  /** The current bar if it is for the same thing, else a new one. */
  const barFor = (key: string, format: string, total: number, values?: Record<string, string>): Bar => {
    if (bar?.key !== key) {
      closeBar();
      bar = { key, drawn: terminal.bar(format, total, values) };
    }
    return bar.drawn;
  };
  const print = (text: string) => {
    closeBar();
    terminal.print(text);
    lastLine = clock();
  };
  /** Nothing is known of what comes next. */
  const forget = () => {
    status = { text: WORKING, since: clock() };
  };
  const setStatus = (text: string) => {
    status = { text, since: clock() };
    if (!terminal.live && clock() - lastLine >= SILENT_SECONDS) print(text);
  };
  /** Says that something is still going on when nobody else does. */
  const beat = () => {
    const seconds = clock() - status.since;
    const time = formatDuration(seconds);
    if (!terminal.live) {
      if (clock() - lastLine >= SILENT_SECONDS) print(seconds < 1 ? status.text : `${status.text} … ${time}`);
    } else if (!bar || bar.key === WORKING) {
      barFor(WORKING, WORKING_FORMAT, 1, { time }).update(0, { time });
    }
  };
  const timer = setInterval(beat, BEAT_MILLISECONDS);
  timer.unref();

  return {
    closeBar,
    barFor,
    print,
    printResult: (text: string) => {
      print(text);
      forget();
    },
    forget,
    setStatus,
    close: () => {
      clearInterval(timer);
      closeBar();
    },
  };
}

/** A handler for the events of any job, drawing on `terminal`. Call `close` when the job ends, also by an error. */
export function progressPrinter(
  terminal: Terminal,
  clock: () => number = () => performance.now() / 1000,
): { onEvent: (event: StudyEvent) => void; close: () => void } {
  const { closeBar, barFor, print, printResult, forget, setStatus, close } = createStage(terminal, clock);
  let downloading: string | undefined;
  /** As asked, and as run so far. */
  let epochs = { asked: 0, done: 0 };

  const onProgress = ({ task, done, total }: ProgressEvent) => {
    const title = TASK_TITLES[task];
    barFor(task, `${title} [{bar}] {value}/{total}`, total).update(done);
    setStatus(`${title} ${done}/${total}`);
    if (done < total) return;
    closeBar();
    forget();
  };

  const onStep = (event: StepEvent) => {
    if (terminal.live) {
      const bar = barFor(`epoch ${event.epoch}`, STEP_FORMAT, event.stepsPerEpoch, stepValues(event));
      bar.update(event.step, stepValues(event));
    }
    setStatus(stepLine(event));
  };

  const onDownload = ({ file, received, total }: DownloadEvent) => {
    const size = total === undefined ? '' : ` of ${megabytes(total)}`;
    if (file !== downloading)
      print(`downloading ${file}${total === undefined ? '' : ` (${megabytes(total)})`}`);
    downloading = file;
    const values = { received: megabytes(received) };
    barFor(file, DOWNLOAD_FORMAT, total ?? received, values).update(received, values);
    setStatus(`downloading ${file}: ${megabytes(received)}${size}`);
    if (received === total) closeBar();
  };

  const onEvent = (event: StudyEvent): void => {
    switch (event.type) {
      case 'notice':
        printResult(`note: ${event.message}`);
        break;
      case 'progress':
        onProgress(event);
        break;
      case 'download':
        onDownload(event);
        break;
      case 'data':
        printResult(`${event.subset} data ${formatReport(event.report, terminal.columns)}\n`);
        break;
      case 'split':
        printResult(`${formatSplit(event.report, terminal.columns)}\n`);
        break;
      case 'start':
        epochs = { asked: event.epochs, done: event.resumed?.epoch ?? 0 };
        printResult(startText(event));
        break;
      case 'step':
        onStep(event);
        break;
      case 'epoch':
        epochs.done = event.epoch;
        printResult(epochLine(event));
        break;
      case 'task':
        printResult(taskText(event));
        break;
      case 'end':
        if (event.reason === 'early-stopping') printResult('stopped early: mean Dice no longer rises');
        if (event.reason === 'time-budget')
          printResult(`the time budget is used up after ${epochs.done} of ${epochs.asked} epochs`);
    }
  };
  return { onEvent, close };
}

/** As {@link progressPrinter}, for a job that draws on the terminal itself. */
export function notesPrinter({ print }: Pick<Terminal, 'print'>): ReturnType<typeof progressPrinter> {
  return {
    onEvent: (event) => {
      if (event.type === 'notice') print(`note: ${event.message}`);
    },
    close: () => undefined,
  };
}

function taskText({ name, state, done, total, message }: TaskEvent): string {
  const why = message === undefined ? '' : `: ${message}`;
  if (state === 'elsewhere') {
    return `${done} of ${total} are over, and other processes are at the rest; waiting for them (Ctrl-C ends the waiting alone)`;
  }
  if (state === 'finished' || state === 'failed') return `${name} ${state}${why} (${done} of ${total})\n`;
  return `${name} (${done + 1} of ${total})${state === 'resumed' ? ' goes on' : ''}${why}`;
}

function startText({
  template,
  parameters,
  epochs,
  stepsPerEpoch,
  batchSize,
  parts = 1,
  sizes,
  output,
  resumed,
  config,
  images,
  engine,
}: StartEvent): string {
  const type = config.hyper_parameters.algo_backend?.train_type ?? 'Incremental';
  const crops = `crop ${sizes.train}${images.validation !== undefined ? `, validation ${sizes.validation}` : ''}`;
  const from = resumed ? `\ngoing on after ${resumed.epoch} epochs and ${resumed.step} steps` : '';
  return (
    `training ${template} (${parameters.toLocaleString('en')} parameters), train type ${type}:\n` +
    `${epochs} epochs of ${stepsPerEpoch} steps, batch ${batchSize}${parts > 1 ? ` (${parts} of them make an update)` : ''}, ${crops}\n` +
    `engine ${engine.kind} (${engine.reason})${deviceText(engine)}\noutput ${output}${from}`
  );
}

function deviceText({ device, memory = 0, precision }: StartEvent['engine']): string {
  const place =
    device === undefined ? '' : ` on ${device}, with about ${Math.ceil(memory / 2 ** 20)} MiB of its memory`;
  return precision === undefined ? place : `${place}, in ${precision} precision`;
}

function stepValues({ epoch, epochs, loss, imagesPerSecond, etaSeconds }: StepEvent) {
  return {
    epoch: `${epoch}/${epochs}`,
    loss: loss.toFixed(4),
    speed: imagesPerSecond.toFixed(1),
    remaining: formatDuration(etaSeconds),
  };
}

function stepLine(event: StepEvent): string {
  const { epoch, loss, speed, remaining } = stepValues(event);
  return row([
    `epoch ${epoch}`,
    `step ${event.step}/${event.stepsPerEpoch}`,
    `loss ${loss}`,
    `lr ${shortNumber(event.learningRate)}`,
    `${speed} img/s`,
    `ETA ${remaining}`,
  ]);
}

/** The figures that are looked at; `results.csv` has all of them. */
function epochLine(event: EpochEvent): string {
  const { epoch, epochs, loss, metrics, average, best, seconds, imagesPerSecond, figures } = event;
  const others = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(4)}`);
  const scores = metrics ? [`mDice ${metrics.mDice.toFixed(4)}`, `mIoU ${metrics.mIoU.toFixed(4)}`] : [];
  return row([
    `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`,
    `loss ${loss.toFixed(4)}`,
    ...others,
    ...(metrics || others.length > 0 ? scores : ['not validated']),
    `${imagesPerSecond.toFixed(1)} img/s`,
    shortDuration(seconds.train + seconds.validation),
    ...(best && metrics ? [average === undefined ? 'best' : `best (${average})`] : []),
  ]);
}

/** Fields side by side; those that do not fit go on in another line. */
function row(fields: readonly string[]): string {
  const lines: string[] = [];
  let line = '';
  for (const field of fields) {
    const longer = line === '' ? field : `${line}  ${field}`;
    if (longer.length > ROW_COLUMNS && line !== '') {
      lines.push(line);
      line = `  ${field}`;
    } else {
      line = longer;
    }
  }
  return [...lines, line].join('\n');
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** `4.5s`, else as {@link formatDuration}. */
function shortDuration(seconds: number): string {
  return seconds < 9.95 ? `${seconds.toFixed(1)}s` : formatDuration(seconds);
}

/** `45s`, `3m05s` or `2h07m`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
}
