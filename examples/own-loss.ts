/** @file Trains on a loss of its own: cross entropy that counts errors of rare classes more. Usage: own-loss.ts DATA OUTPUT */

import { join } from 'node:path';
import { train } from 'otx';
import * as g from 'otx/graph';

const [data = 'data', output = 'own-loss-run'] = process.argv.slice(2);
const WEIGHTS = [1, 1, 4, 4];

/** Weighted mean of -log p of the true class; 255 is ignored. */
function weightedCrossEntropy(logits: g.Tensor, labels: g.Tensor): g.Tensor {
  const [n, classes, h, w] = logits.shape as [number, number, number, number];
  const label = g.reshape(g.cast(labels, 'float32'), [n, 1, h, w]);
  const indices = g.constant([...Array(classes).keys()], [1, classes, 1, 1]);
  const isTrue = g.cast(g.equal(label, indices), 'float32');
  const weights = g.constant(
    Array.from({ length: classes }, (_, k) => WEIGHTS[k] ?? 1),
    [1, classes, 1, 1],
  );
  const shifted = g.sub(logits, g.stopGradient(g.reduceMax(logits, { axes: [1], keepDims: true })));
  const logSum = g.log(g.reduceSum(g.exp(shifted), { axes: [1], keepDims: true }));
  const wanted = g.mul(isTrue, weights);
  return g.div(g.reduceSum(g.mul(wanted, g.sub(logSum, shifted))), g.add(g.reduceSum(wanted), 1e-6));
}

const { metrics } = await train({
  ...{
    template: 'Lite-HRNet-s-mod2',
    trainData: join(data, 'train'),
    validationData: join(data, 'val'),
    output,
  },
  ...{ inputSize: '64x64', epochs: 2, pretrained: false },
  lossFunction: weightedCrossEntropy,
});
console.log(`mean Dice ${metrics?.mDice.toFixed(3)}`);
