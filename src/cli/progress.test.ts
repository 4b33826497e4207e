import { describe, expect, test } from 'vitest';
import type { StepEvent } from '../training/events.js';
import { formatDuration, progressPrinter } from './progress.js';
import type { Terminal } from './terminal.js';

/** Records what a person, or a log file, would see. */
function recorder(live: boolean) {
  const seen: string[] = [];
  const terminal: Terminal = {
    live,
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
  test('on a terminal is a bar per epoch with loss, learning rate, speed and time left', () => {
    const { terminal, seen } = recorder(true);
    const { onEvent } = progressPrinter(terminal);
    onEvent(step(1));
    onEvent(step(2));
    onEvent({ type: 'progress', task: 'validate', done: 1, total: 1 });
    expect(seen).toEqual([
      expect.stringMatching(/^bar of 15: epoch \{epoch\} \[\{bar\}\]/),
      'at 1 {"epoch":"2/30","loss":"0.5124","lr":"0.000427","speed":"12.3","remaining":"1m15s"}',
      expect.stringMatching(/^at 2 /),
      'bar ends',
      expect.stringMatching(/^bar of 1: validating/),
      'at 1 {}',
      'bar ends',
    ]);
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

  test('elsewhere is a plain line every ten seconds', () => {
    const { terminal, seen } = recorder(false);
    let now = 0;
    const { onEvent } = progressPrinter(terminal, () => now);
    onEvent(step(1));
    now = 10;
    onEvent(step(2));
    now = 15;
    onEvent(step(3));
    expect(seen).toEqual(['epoch 2/30  step 2/15  loss 0.5124  lr 0.000427  12.3 images/s  ETA 1m15s']);
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
      matrix: undefined,
      updates: 45,
      best: true,
      seconds: { train: 8, waiting: 0.1, validation: 2 },
      imagesPerSecond: 15,
    });
    expect(seen).toEqual([
      'epoch  3/30  loss 0.5000  mDice 0.6325  mIoU 0.5000  accuracy 0.9000  lr 0.001  15.0 images/s  10.0 s  best',
    ]);
  });
});

test.each([
  [0.4, '0s'],
  [59.6, '1m00s'],
  [3599, '59m59s'],
  [7265, '2h01m'],
])('%f seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
