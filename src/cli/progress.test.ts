import { describe, expect, test, vi } from 'vitest';
import type { StepEvent } from '../runs/events.js';
import { formatDuration, progressPrinter } from './progress.js';
import type { Terminal } from './terminal.js';

/** Records what a person, or a log file, would see. */
function recorder(live: boolean) {
  const seen: string[] = [];
  const terminal: Terminal = {
    live,
    columns: 80,
    print: (text) => {
      seen.push(text);
    },
    bar: (format, total) => {
      seen.push(`bar of ${total}: ${format}`);
      return {
        update: (done, values) => {
          seen.push(`at ${done} ${JSON.stringify(values ?? {})}`);
        },
        stop: () => {
          seen.push('bar ends');
        },
      };
    },
  };
  return { terminal, seen };
}

const step = (number: number): StepEvent => ({
  type: 'step',
  epoch: 2,
  epochs: 30,
  step: number,
  stepsPerEpoch: 15,
  loss: 0.51239,
  figures: {},
  learningRate: 4.2666e-4,
  imagesPerSecond: 12.345,
  etaSeconds: 75,
});

describe('progress', () => {
  test('on a terminal is a bar per epoch with loss, speed and time left', () => {
    const { terminal, seen } = recorder(true);
    const { onEvent } = progressPrinter(terminal);
    onEvent(step(1));
    onEvent(step(2));
    onEvent({ type: 'progress', task: 'validate', done: 1, total: 1 });
    expect(seen).toEqual([
      expect.stringMatching(/^bar of 15: epoch \{epoch\} \[\{bar\}\]/),
      'at 1 {"epoch":"2/30","loss":"0.5124","speed":"12.3","remaining":"1m15s"}',
      expect.stringMatching(/^at 2 /),
      'bar ends',
      expect.stringMatching(/^bar of 1: validating/),
      'at 1 {}',
      'bar ends',
    ]);
  });

  test('a bar fits 80 columns, also of a long training', () => {
    const { terminal, seen } = recorder(true);
    progressPrinter(terminal).onEvent({
      ...{ ...step(1500), epoch: 300, epochs: 300, stepsPerEpoch: 1500 },
      ...{ imagesPerSecond: 123.4, etaSeconds: 36000 },
    });
    const [format = '', update = ''] = seen;
    const values = JSON.parse(update.replace(/^at \d+ /, ''));
    const line = format
      .replace(/^bar of \d+: /, '')
      .replace('{bar}', '='.repeat(16))
      .replace(/\{(value|total)\}/g, '1500')
      .replace(/\{(\w+)\}/g, (_, name) => values[name]);
    expect(line).toMatch(/^epoch 300\/300 \[=+\] 1500\/1500 {2}loss 0\.5124 {2}123\.4 img\/s {2}ETA 10h00m$/);
    expect(line.length).toBeLessThanOrEqual(80);
  });

  test('a download is one line that stays, and a bar of its bytes', () => {
    const { terminal, seen } = recorder(true);
    const { onEvent } = progressPrinter(terminal);
    const file = 'mscan_t.pth';
    onEvent({ type: 'download', file, received: 5e5, total: 2e6 });
    onEvent({ type: 'download', file, received: 2e6, total: 2e6 });
    expect(seen).toEqual([
      'downloading mscan_t.pth (2.0 MB)',
      'bar of 2000000: [{bar}] {received}',
      'at 500000 {"received":"0.5 MB"}',
      'at 2000000 {"received":"2.0 MB"}',
      'bar ends',
    ]);
  });

  test('elsewhere is a plain line at least every five seconds', () => {
    const { terminal, seen } = recorder(false);
    let now = 0;
    const { onEvent, close } = progressPrinter(terminal, () => now);
    onEvent(step(1));
    now = 5;
    onEvent(step(2));
    now = 9;
    onEvent(step(3));
    close();
    expect(seen).toEqual(['epoch 2/30  step 2/15  loss 0.5124  lr 0.000427  12.3 img/s  ETA 1m15s']);
  });

  test('elsewhere says what takes long, also when it says nothing itself', () => {
    vi.useFakeTimers();
    const { terminal, seen } = recorder(false);
    const { onEvent, close } = progressPrinter(terminal, () => Date.now() / 1000);
    const compile = (done: number) => onEvent({ type: 'progress', task: 'compile', done, total: 2 });
    vi.advanceTimersByTime(4000);
    compile(0);
    vi.advanceTimersByTime(9000);
    compile(1);
    compile(2);
    vi.advanceTimersByTime(4000);
    close();
    vi.advanceTimersByTime(60_000);
    vi.useRealTimers();
    expect(seen.filter((line) => !line.startsWith('bar') && !line.startsWith('at'))).toEqual([
      'compiling 0/2 … 1s',
      'compiling 0/2 … 6s',
      'working … 2s',
    ]);
  });

  test('an epoch is a row that stays', () => {
    const { terminal, seen } = recorder(true);
    progressPrinter(terminal).onEvent({
      type: 'epoch',
      epoch: 3,
      epochs: 30,
      loss: 0.5,
      figures: {},
      learningRate: 0.001,
      metrics: { mDice: 0.63251, mIoU: 0.5, mAcc: 0.7, aAcc: 0.9, perClass: [] },
      confusion: undefined,
      average: undefined,
      updates: 45,
      best: true,
      seconds: { train: 8, waiting: 0.1, validation: 2 },
      imagesPerSecond: 15,
    });
    expect(seen).toEqual(['epoch  3/30  loss 0.5000  mDice 0.6325  mIoU 0.5000  15.0 img/s  10s  best']);
  });
});

test('a row of many figures goes on in another line', () => {
  const { terminal, seen } = recorder(false);
  const { onEvent, close } = progressPrinter(terminal);
  onEvent({
    type: 'epoch',
    epoch: 100,
    epochs: 300,
    loss: 0.5,
    figures: { loss_supervised: 0.4, loss_unsupervised: 0.1, share_of_pseudo_labels: 0.25 },
    learningRate: 0.001,
    metrics: { mDice: 0.63251, mIoU: 0.5, mAcc: 0.7, aAcc: 0.9, perClass: [] },
    confusion: undefined,
    average: undefined,
    updates: 45,
    best: true,
    seconds: { train: 60, waiting: 0.1, validation: 12 },
    imagesPerSecond: 115,
  });
  close();
  const lines = seen.join('\n').split('\n');
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
});

test.each([
  [0.4, '0s'],
  [59.6, '1m00s'],
  [3599, '59m59s'],
  [7265, '2h01m'],
])('%f seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
