import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { appendHistory, startHistory } from './history.js';

test('results.csv has a head and a line per epoch; a figure that does not exist is empty', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'otx-history-'));
  const path = join(folder, 'results.csv');
  const absent = { dice: Number.NaN, iou: Number.NaN, acc: Number.NaN, pixels: 0 };
  try {
    await startHistory(
      path,
      [
        { name: 'background', color: [0, 0, 0] },
        { name: 'cats, "dogs"', color: [1, 1, 1] },
      ],
      ['kept', 'absent'],
    );
    await appendHistory(
      path,
      {
        type: 'epoch',
        epoch: 1,
        epochs: 2,
        loss: 1 / 3,
        figures: { kept: 0.25 },
        learningRate: 0.001,
        metrics: {
          mDice: 0.5,
          mIoU: 0.25,
          mAcc: 1,
          aAcc: 0.75,
          perClass: [{ ...absent, dice: 0.5, iou: 0.25 }, absent],
        },
        matrix: undefined,
        updates: 45,
        best: true,
        seconds: { train: 2, waiting: 0.5, validation: 1 },
        imagesPerSecond: 8,
      },
      ['kept', 'absent'],
    );
    expect((await readFile(path, 'utf8')).split('\n')).toEqual([
      'epoch,loss,learning_rate,mDice,mIoU,mAcc,aAcc,train_seconds,waiting_seconds,validation_seconds,images_per_second,kept,absent,Dice.background,"Dice.cats, ""dogs""",IoU.background,"IoU.cats, ""dogs"""',
      '1,0.333333,0.001,0.5,0.25,1,0.75,2,0.5,1,8,0.25,,0.5,,0.25,',
      '',
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
