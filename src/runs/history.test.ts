import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Outputs } from '../base/outputs/outputs.js';
import type { EpochEvent } from './events.js';
import { History, isHistory } from './history.js';

test('results.csv has a head and a line per epoch; a figure that does not exist is empty', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'otx-history-'));
  const path = join(folder, 'results.csv');
  const absent = { dice: Number.NaN, iou: Number.NaN, acc: Number.NaN, pixels: 0 };
  try {
    const outputs = await Outputs.open({ root: folder });
    const columns = [
      [
        { name: 'background', color: [0, 0, 0] },
        { name: 'cats, "dogs"', color: [1, 1, 1] },
      ],
      ['kept', 'absent'],
    ] as const;
    const history = await History.start(outputs, path, ...columns);
    const event: EpochEvent = {
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
      confusion: undefined,
      average: undefined,
      updates: 45,
      best: true,
      seconds: { train: 2, waiting: 0.5, validation: 1 },
      imagesPerSecond: 8,
    };
    await history.add(event);
    expect((await readFile(path, 'utf8')).split('\n')).toEqual([
      'epoch,loss,learning_rate,mDice,mIoU,mAcc,aAcc,train_seconds,waiting_seconds,validation_seconds,images_per_second,kept,absent,Dice.background,"Dice.cats, ""dogs""",IoU.background,"IoU.cats, ""dogs"""',
      '1,0.333333,0.001,0.5,0.25,1,0.75,2,0.5,1,8,0.25,,0.5,,0.25,',
      '',
    ]);

    await history.add({ ...event, epoch: 2 });
    const first = (await readFile(path, 'utf8')).split('\n').slice(0, 2);
    const resumed = await History.resume(outputs, path, 1, ...columns);
    expect((await readFile(path, 'utf8')).split('\n')).toEqual([...first, '']);
    expect(await isHistory(path)).toBe(true);

    // The user keeps something else under the name: it stays, and later epochs are not lost once it is out of the way.
    await writeFile(path, 'my notes\n');
    expect(await isHistory(path)).toBe(false);
    await expect(resumed.add({ ...event, epoch: 2 })).rejects.toMatchObject({ code: 'output' });
    await expect(History.resume(outputs, path, 1, ...columns)).rejects.toMatchObject({ code: 'output' });
    expect(await readFile(path, 'utf8')).toBe('my notes\n');
    await rm(path);
    await resumed.add({ ...event, epoch: 3 });
    const epochs = (await readFile(path, 'utf8')).split('\n').map((line) => line.split(',')[0]);
    expect(epochs).toEqual(['epoch', '1', '2', '3', '']);
    await rm(path);
    await History.resume(outputs, path, 1, ...columns);
    expect((await readFile(path, 'utf8')).split('\n')).toEqual([first[0], '']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
