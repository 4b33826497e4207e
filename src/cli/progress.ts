/** @file How a job's events look: a live bar on a terminal, plain lines in a file, and the rows that stay in both. */

import { formatReport } from '../data/index.js';
import type {
  DownloadEvent,
  EpochEvent,
  JobEvent,
  StartEvent,
  StepEvent,
  TrainEvent,
} from '../training/events.js';
import type { Bar, Terminal } from './terminal.js';

/** Without a terminal a step is reported this often, so that logs of long epochs show life and stay short. */
const PLAIN_STEP_SECONDS = 10;

const TASK_TITLES = {
  check: 'checking masks',
  segment: 'making pseudo masks',
  validate: 'validating',
  evaluate: 'evaluating',
  predict: 'predicting',
} as const;

/** Why a training ended before its last epoch. */
const END_TEXTS = {
  'early-stopping': 'stopped early: mean Dice no longer rises',
  'time-budget': 'the time budget is used up',
} as const;

const STEP_FORMAT =
  'epoch {epoch} [{bar}] {value}/{total}  loss {loss}  lr {lr}  {speed} images/s  ETA {remaining}';

const DOWNLOAD_FORMAT = '[{bar}] {received}';

/** A handler for the events of any job, drawing on `terminal`. Call `close` when the job ends, also by an error. */
export function progressPrinter(
  terminal: Terminal,
  clock: () => number = () => performance.now() / 1000,
): { onEvent: (event: TrainEvent | JobEvent) => void; close: () => void } {
  let bar: { readonly key: string; readonly drawn: Bar } | undefined;
  let lastPlainStep = clock();
  let downloading: string | undefined;

  const close = () => {
    bar?.drawn.stop();
    bar = undefined;
  };
  /** The current bar if it is for the same thing, else a new one. */
  const barFor = (key: string, format: string, total: number, values?: Record<string, string>): Bar => {
    if (bar?.key !== key) {
      close();
      bar = { key, drawn: terminal.bar(format, total, values) };
    }
    return bar.drawn;
  };
  const print = (text: string) => {
    close();
    terminal.print(text);
  };

  const onStep = (event: StepEvent) => {
    if (terminal.live) {
      const bar = barFor(`epoch ${event.epoch}`, STEP_FORMAT, event.stepsPerEpoch, stepValues(event));
      bar.update(event.step, stepValues(event));
    } else if (clock() - lastPlainStep >= PLAIN_STEP_SECONDS) {
      lastPlainStep = clock();
      terminal.print(stepLine(event));
    }
  };

  const onDownload = ({ file, received, total }: DownloadEvent) => {
    if (file !== downloading)
      print(`downloading ${file}${total === undefined ? '' : ` (${megabytes(total)})`}`);
    downloading = file;
    const values = { received: megabytes(received) };
    barFor(file, DOWNLOAD_FORMAT, total ?? received, values).update(received, values);
    if (received === total) close();
  };

  const onEvent = (event: TrainEvent | JobEvent): void => {
    switch (event.type) {
      case 'notice':
        print(`note: ${event.message}`);
        break;
      case 'progress': {
        const format = `${TASK_TITLES[event.task]} [{bar}] {value}/{total}`;
        barFor(event.task, format, event.total).update(event.done);
        if (event.done === event.total) close();
        break;
      }
      case 'download':
        onDownload(event);
        break;
      case 'data':
        print(`${event.subset} data ${formatReport(event.report)}\n`);
        break;
      case 'start':
        print(startText(event));
        break;
      case 'step':
        onStep(event);
        break;
      case 'epoch':
        lastPlainStep = clock();
        print(epochLine(event));
        break;
      case 'end':
        if (event.reason !== 'epochs') print(END_TEXTS[event.reason]);
    }
  };
  return { onEvent, close };
}

function startText({
  template,
  parameters,
  epochs,
  stepsPerEpoch,
  batchSize,
  sizes,
  output,
  resumed,
  config,
  validationSet,
}: StartEvent): string {
  const type = config.hyper_parameters.algo_backend?.train_type ?? 'Incremental';
  const crops = `crop ${sizes.train}${validationSet ? `, validation ${sizes.validation}` : ''}`;
  const from = resumed ? `\ngoing on after ${resumed.epoch} epochs and ${resumed.step} steps` : '';
  return (
    `training ${template} (${parameters.toLocaleString('en')} parameters): ${epochs} epochs of ${stepsPerEpoch} steps, ` +
    `batch ${batchSize}, ${crops}, train type ${type}\noutput ${output}${from}`
  );
}

function stepValues({ epoch, epochs, loss, learningRate, imagesPerSecond, etaSeconds }: StepEvent) {
  return {
    epoch: `${epoch}/${epochs}`,
    loss: loss.toFixed(4),
    lr: shortNumber(learningRate),
    speed: imagesPerSecond.toFixed(1),
    remaining: formatDuration(etaSeconds),
  };
}

function stepLine(event: StepEvent): string {
  const { epoch, loss, lr, speed, remaining } = stepValues(event);
  return `epoch ${epoch}  step ${event.step}/${event.stepsPerEpoch}  loss ${loss}  lr ${lr}  ${speed} images/s  ETA ${remaining}`;
}

function epochLine({
  epoch,
  epochs,
  loss,
  learningRate,
  metrics,
  best,
  seconds,
  imagesPerSecond,
  figures,
}: EpochEvent): string {
  const others = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(4)}`);
  return [
    `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`,
    `loss ${loss.toFixed(4)}`,
    ...others,
    ...(metrics
      ? [
          `mDice ${metrics.mDice.toFixed(4)}`,
          `mIoU ${metrics.mIoU.toFixed(4)}`,
          `accuracy ${metrics.aAcc.toFixed(4)}`,
        ]
      : others.length > 0
        ? []
        : ['not validated']),
    `lr ${shortNumber(learningRate)}`,
    `${imagesPerSecond.toFixed(1)} images/s`,
    `${(seconds.train + seconds.validation).toFixed(1)} s${best && metrics ? '  best' : ''}`,
  ].join('  ');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** `45s`, `3m05s` or `2h07m`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
}
