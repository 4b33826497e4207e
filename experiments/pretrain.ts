/**
 * @file Trains the backbone of a template on pictures by formula, and writes it in half precision with a card that says how.
 *
 *   npm run pretrain -- --template Lite-HRNet-s-mod2 [--steps 6000] [--classes 128] [--side 256] [--batch 8]
 *
 * Goes on where it was stopped, with the same bits as without a stop. The run is in runs/pretraining/TEMPLATE, its curve in
 * results.csv there; in the end backbone.safetensors and card.json are written beside it. The same template, numbers, seed,
 * version and kind of processor give the same file.
 */
import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type FormulaImages, load, type TrainEvent, train } from 'otx';
import { FORMULA_VERSION } from '../src/synthesis/formula/classes.js';
import { halfTensor } from '../src/weights/half.js';
import { readWeights } from '../src/weights/read-weights.js';
import { encodeSafetensors } from '../src/weights/safetensors.js';
import type { WeightTensor } from '../src/weights/stored-tensor.js';
import { MACHINE, readEpochs, total, writeJson } from './experiment.js';

/** Steps between two validations, which are the points of the curve. */
const STEPS_PER_EPOCH = 300;
const VALIDATION_IMAGES = 64;

const { values } = parseArgs({
  options: {
    template: { type: 'string', default: 'Lite-HRNet-s-mod2' },
    steps: { type: 'string', default: '6000' },
    classes: { type: 'string', default: '128' },
    side: { type: 'string', default: '256' },
    batch: { type: 'string', default: '8' },
    'learning-rate': { type: 'string', default: '0.003' },
    seed: { type: 'string', default: '0' },
    output: { type: 'string' },
  },
});
const numbers = {
  steps: Number(values.steps),
  classes: Number(values.classes),
  side: Number(values.side),
  batchSize: Number(values.batch),
  learningRate: Number(values['learning-rate']),
  seed: Number(values.seed),
};
const { template } = values;
const output = values.output ?? join('runs', 'pretraining', template);

const { classes, side, batchSize, learningRate, seed } = numbers;
const pictures = (images: number, of: number): FormulaImages => ({
  formula: { images, classes, side, seed: of },
});
const data = {
  trainData: pictures(STEPS_PER_EPOCH * batchSize, seed),
  validationData: pictures(VALIDATION_IMAGES, seed + 1),
};
const settings = {
  epochs: Math.ceil(numbers.steps / STEPS_PER_EPOCH),
  batchSize,
  learningRate,
  inputSize: `${side}x${side}`,
  augmentation: 'plain',
  learningRateSchedule: 'poly',
  earlyStopping: false,
  // Pictures are drawn in these threads.
  workers: 2,
} as const;

const isBegun = existsSync(join(output, 'models', 'last.safetensors'));
const isFinished = isBegun && (await load(output)).training?.finished !== undefined;
if (!isFinished) {
  await train({
    ...data,
    ...(isBegun
      ? { resumeFrom: output }
      : { template, recipe: 'otx', output, seed, pretrained: false, ...settings }),
    onEvent: tell,
  });
}
await writeBackbone();

function tell(event: TrainEvent): void {
  if (event.type !== 'epoch') return;
  const { epoch, epochs, loss, metrics, seconds, imagesPerSecond } = event;
  console.log(
    `epoch ${epoch}/${epochs}  loss ${loss.toFixed(3)}  mean Dice ${metrics?.mDice.toFixed(4)}  ` +
      `${imagesPerSecond.toFixed(1)} images/s, ${((100 * seconds.waiting) / seconds.train).toFixed(1)} % waiting`,
  );
}

/** The newest weights, not those of the best epoch: with a schedule that ends at zero they have learned most. */
async function writeBackbone(): Promise<void> {
  const { tensors } = await readWeights(join(output, 'models', 'last.safetensors'));
  const backbone = [...tensors].filter(([name]) => name.startsWith('backbone.'));
  const epochs = readEpochs(output);
  const card = {
    template,
    formulaVersion: FORMULA_VERSION,
    ...numbers,
    steps: settings.epochs * STEPS_PER_EPOCH,
    meanDice: epochs.at(-1)?.mDice,
    hours: Number(((total(epochs, 'train_seconds') + total(epochs, 'validation_seconds')) / 3600).toFixed(2)),
    machine: MACHINE,
  };
  const file = encodeSafetensors({
    tensors: new Map(backbone.map(([name, tensor]) => [name, halfTensor(uncounted(tensor))])),
    metadata: { card: JSON.stringify(card) },
  });
  const path = join(output, 'backbone.safetensors');
  writeFileSync(path, file);
  const sha256 = createHash('sha256').update(file).digest('hex');
  writeJson(join(output, 'card.json'), { ...card, bytes: file.length, sha256 });
  console.log(`${path}: ${backbone.length} tensors, ${file.length} bytes, SHA-256 ${sha256}`);
}

/** Who starts from it counts batches of its own. */
function uncounted({ shape, data }: WeightTensor): WeightTensor {
  return { shape, data: data instanceof Float32Array ? data : new BigInt64Array(data.length) };
}
