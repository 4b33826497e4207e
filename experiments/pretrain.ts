/**
 * @file Trains the backbone of a template on pictures by formula, and writes it in half precision with a card that says how.
 *
 *   npm run pretrain -- --template Lite-HRNet-s-mod2 [--classes 48] [--stages 128x16x4200,256x8x900]
 *
 * A stage is side x batch x steps: small pictures first, of which four cost as much as one of twice the side, then larger ones, on
 * which it goes on with the weights of the stage before. Goes on where it was stopped, with the same bits as without a stop. The
 * runs are in runs/pretraining/TEMPLATE/STAGE, their curves in results.csv there; in the end backbone.safetensors and card.json are
 * written beside them. The same template, numbers, seed, version and kind of processor give the same file.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
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
    classes: { type: 'string', default: '48' },
    stages: { type: 'string', default: '128x16x4200,256x8x900' },
    'learning-rate': { type: 'string', default: '0.003' },
    seed: { type: 'string', default: '0' },
    output: { type: 'string' },
  },
});
const [classes, learningRate, seed] = [values.classes, values['learning-rate'], values.seed].map(Number) as [
  number,
  number,
  number,
];
const { template } = values;
const output = values.output ?? join('runs', 'pretraining', template);

interface Stage {
  readonly name: string;
  readonly side: number;
  readonly batchSize: number;
  readonly epochs: number;
}

const stages = values.stages.split(',').map((name): Stage => {
  const [side, batchSize, steps] = name.split('x').map(Number);
  if (!side || !batchSize || !steps) throw new Error(`--stages: ${name} is not SIDExBATCHxSTEPS`);
  return { name, side, batchSize, epochs: Math.ceil(steps / STEPS_PER_EPOCH) };
});

/** @param index of the stage; each sees pictures of its own, and ends with a rate of zero. */
async function runStage({ name, side, batchSize, epochs }: Stage, index: number, before: Stage | undefined) {
  const folder = join(output, name);
  const isBegun = existsSync(lastOf(folder));
  if (isBegun && (await load(folder)).training?.finished !== undefined) return;
  const pictures = (images: number, of: number): FormulaImages => ({
    formula: { images, classes, side, seed: of },
  });
  await train({
    trainData: pictures(STEPS_PER_EPOCH * batchSize, seed + 2 * index),
    validationData: pictures(VALIDATION_IMAGES, seed + 2 * index + 1),
    ...(isBegun
      ? { resumeFrom: folder }
      : {
          ...{ template, recipe: 'otx' as const, output: folder, seed },
          ...(before ? { loadWeights: lastOf(join(output, before.name)) } : { pretrained: false }),
          ...{ epochs, batchSize, learningRate, inputSize: `${side}x${side}` },
          augmentation: 'plain' as const,
          learningRateSchedule: 'poly' as const,
          earlyStopping: false,
          // Pictures are drawn in these threads.
          workers: 2,
        }),
    onEvent: (event) => tell(name, event),
  });
}

const lastOf = (folder: string): string => join(folder, 'models', 'last.safetensors');

function tell(stage: string, event: TrainEvent): void {
  if (event.type !== 'epoch') return;
  const { epoch, epochs, loss, metrics, seconds, imagesPerSecond } = event;
  console.log(
    `${stage}: epoch ${epoch}/${epochs}  loss ${loss.toFixed(3)}  mean Dice ${metrics?.mDice.toFixed(4)}  ` +
      `${imagesPerSecond.toFixed(1)} images/s, ${((100 * seconds.waiting) / seconds.train).toFixed(1)} % waiting`,
  );
}

/** The newest weights, not those of the best epoch: with a schedule that ends at zero they have learned most. */
async function writeBackbone(): Promise<void> {
  const last = stages.at(-1) as Stage;
  const { tensors } = await readWeights(lastOf(join(output, last.name)));
  const backbone = [...tensors].filter(([name]) => name.startsWith('backbone.'));
  const epochs = stages.flatMap(({ name }) => readEpochs(join(output, name)));
  const card = {
    ...{ template, formulaVersion: FORMULA_VERSION, classes, learningRate, seed },
    stages: stages.map(({ side, batchSize, epochs: of }) => ({
      ...{ side, batchSize },
      steps: of * STEPS_PER_EPOCH,
    })),
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

mkdirSync(output, { recursive: true });
for (const [index, stage] of stages.entries()) await runStage(stage, index, stages[index - 1]);
await writeBackbone();
