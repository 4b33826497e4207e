/** @file Trains a network of its own, then exports it. Usage: own-model.ts DATA OUTPUT */

import { join } from 'node:path';
import { type CreateModel, evaluate, exportModel, train } from 'otx';
import { convModule, convolution } from 'otx/nn';

const [data = 'data', output = 'own-model-run'] = process.argv.slice(2);

/** Four convolutions: logits at a quarter of the resolution. */
const small: CreateModel =
  ({ numClasses }) =>
  (scope, images) => {
    const first = convModule(scope.child('first'), images, { channels: 16, kernel: 3, stride: 2 });
    const second = convModule(scope.child('second'), first, { channels: 32, kernel: 3, stride: 2 });
    const third = convModule(scope.child('third'), second, { channels: 32, kernel: 3 });
    return convolution(scope.child('logits'), third, { channels: numClasses, bias: true });
  };

const { weights } = await train({
  ...{
    template: 'Lite-HRNet-s-mod2',
    trainData: join(data, 'train'),
    validationData: join(data, 'val'),
    output,
  },
  ...{ inputSize: '64x64', epochs: 2, pretrained: false },
  model: small,
});
const { model } = await exportModel({ weights, model: small, output: join(output, 'export') });
const [own, exported] = await Promise.all([
  evaluate({ weights, model: small, testData: join(data, 'val') }),
  evaluate({ weights: model, testData: join(data, 'val') }),
]);
console.log(
  `mean Dice ${own.metrics.mDice.toFixed(4)}, of the exported file ${exported.metrics.mDice.toFixed(4)}`,
);
