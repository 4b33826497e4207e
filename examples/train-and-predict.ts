/**
 * @file Trains a small network on a folder of images and masks, then paints what it sees.
 *
 * Usage: train-and-predict.ts DATA OUTPUT [EPOCHS], with DATA/train and DATA/val as in the README.
 */

import { join } from 'node:path';
import { type EpochEvent, exportModel, predict, type TrainEvent, train } from 'otx';

const [data = 'data', output = 'example-run', epochs = '30'] = process.argv.slice(2);

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

const showEpoch = ({ epoch, loss, metrics }: EpochEvent) =>
  console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}, mean Dice ${metrics?.mDice.toFixed(3)}`);

const { weights, metrics, bestEpoch } = await train({
  template: 'Lite-HRNet-s-mod2',
  trainData: join(data, 'train'),
  validationData: join(data, 'val'),
  output,
  inputSize: '256x256',
  epochs: Number(epochs),
  signal: stop.signal,
  onEvent: (event: TrainEvent) => {
    if (event.type === 'epoch') showEpoch(event);
  },
});
console.log(`best epoch ${bestEpoch}: mean Dice ${metrics?.mDice.toFixed(3)}`);

const { model } = await exportModel({ weights, output: join(output, 'export') });
const { images } = await predict({ weights: model, input: join(data, 'val', 'images'), output });
console.log(`${images.length} overlays in ${join(output, 'overlays')}`);
