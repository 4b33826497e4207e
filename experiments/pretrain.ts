/**
 * @file Trains the backbone of a template on pictures by formula, and writes it in half precision with a card that says how.
 *
 *   npm run pretrain -- --template Lite-HRNet-s-mod2 [--stages surfaces-48-128x16x1500,things-48-256x8x1200] [--from FILE]
 *
 * A stage is pictures-classes-side x batch x steps: pictures of surfaces are learned first, those of things well after them; of small
 * pictures four cost as much as one of twice the side. Each stage goes on with the weights of the one before, the first one with
 * those of a backbone that was made so (--from), whose stages the card then has in front. Goes on where it was stopped, with the
 * same bits as without a stop. The runs are in runs/pretraining/TEMPLATE/STAGE, their curves in results.csv there; in the end
 * backbone.safetensors and card.json are written beside them. The same template, numbers, seed, versions, number of threads
 * (--threads) and kind of processor give the same file.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type FormulaImages, load, type TrainEvent, train } from 'otx';
import { PICTURE_KINDS, type PictureKind } from '../src/synthesis/formula/kinds.js';
import { halfTensor } from '../src/weights/half.js';
import { readSafetensorsMetadata, readWeights } from '../src/weights/read-weights.js';
import { encodeSafetensors } from '../src/weights/safetensors.js';
import type { WeightTensor } from '../src/weights/stored-tensor.js';
import { MACHINE, readEpochs, total, writeJson } from './experiment.js';

/** Steps between two validations, which are the points of the curve. */
const STEPS_PER_EPOCH = 300;
const VALIDATION_IMAGES = 64;

const { values } = parseArgs({
  options: {
    template: { type: 'string', default: 'Lite-HRNet-s-mod2' },
    stages: { type: 'string', default: 'surfaces-48-128x16x1500,things-48-256x8x1200' },
    from: { type: 'string' },
    'learning-rate': { type: 'string', default: '0.003' },
    seed: { type: 'string', default: '0' },
    threads: { type: 'string' },
    output: { type: 'string' },
  },
});
const [learningRate, seed] = [values['learning-rate'], values.seed].map(Number) as [number, number];
const { template, from } = values;
const output = values.output ?? join('runs', 'pretraining', template);

/** As cards have it. */
interface StageNumbers {
  readonly pictures: PictureKind;
  readonly formulaVersion: number;
  readonly classes: number;
  readonly side: number;
  readonly batchSize: number;
  readonly steps: number;
}

/** What the metadata of a backbone say. */
interface Card {
  readonly stages: readonly StageNumbers[];
  readonly hours: number;
}

interface Stage {
  readonly name: string;
  readonly pictures: PictureKind;
  readonly classes: number;
  readonly side: number;
  readonly batchSize: number;
  readonly epochs: number;
}

const stages = values.stages.split(',').map((name): Stage => {
  const [pictures = '', classes, size = ''] = name.split('-');
  const [side, batchSize, steps] = size.split('x').map(Number);
  if (!Object.hasOwn(PICTURE_KINDS, pictures) || !Number(classes) || !side || !batchSize || !steps) {
    throw new Error(
      `--stages: ${name} is not PICTURES-CLASSES-SIDExBATCHxSTEPS, PICTURES surfaces or things`,
    );
  }
  return {
    ...{ name, pictures: pictures as PictureKind, classes: Number(classes), side, batchSize },
    epochs: Math.ceil(steps / STEPS_PER_EPOCH),
  };
});

/** @param index of the stage; each sees pictures of its own, and ends with a rate of zero. */
async function runStage(stage: Stage, index: number, before: Stage | undefined) {
  const { name, pictures, classes, side, batchSize, epochs } = stage;
  const folder = join(output, name);
  const isBegun = existsSync(lastOf(folder));
  if (isBegun && (await load(folder)).training?.finished !== undefined) return;
  const start = before ? lastOf(join(output, before.name)) : from;
  const drawn = (images: number, of: number): FormulaImages => ({
    formula: { images, classes, side, seed: of, pictures },
  });
  await train({
    trainData: drawn(STEPS_PER_EPOCH * batchSize, seed + 2 * index),
    validationData: drawn(VALIDATION_IMAGES, seed + 2 * index + 1),
    ...(isBegun
      ? { resumeFrom: folder }
      : {
          ...{ template, recipe: 'otx' as const, output: folder, seed },
          ...(start === undefined ? { pretrained: false } : { loadWeights: start }),
          ...{ epochs, batchSize, learningRate, inputSize: `${side}x${side}` },
          augmentation: 'plain' as const,
          learningRateSchedule: 'poly' as const,
          earlyStopping: false,
          // Pictures are drawn in these threads.
          workers: 2,
          ...(values.threads !== undefined && { threads: Number(values.threads) }),
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
  const before = from === undefined ? undefined : await readCard(from);
  const hours = (total(epochs, 'train_seconds') + total(epochs, 'validation_seconds')) / 3600;
  const card = {
    ...{ template, learningRate, seed },
    stages: [...(before?.stages ?? []), ...stages.map(numbersOf)],
    meanDice: epochs.at(-1)?.mDice,
    hours: Number((hours + (before?.hours ?? 0)).toFixed(2)),
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

function numbersOf({ pictures, classes, side, batchSize, epochs }: Stage): StageNumbers {
  const { version } = PICTURE_KINDS[pictures];
  return { pictures, formulaVersion: version, classes, side, batchSize, steps: epochs * STEPS_PER_EPOCH };
}

/** The card of a backbone; those from before there were things say for all stages what these have for themselves now. */
async function readCard(path: string): Promise<Card> {
  const card = (await readSafetensorsMetadata(path))?.card;
  if (card === undefined) throw new Error(`--from: ${path} has no card`);
  const { stages, hours, formulaVersion, classes } = JSON.parse(card) as Card & StageNumbers;
  const all = { pictures: 'surfaces', formulaVersion, classes } as const;
  return { hours, stages: stages.map((stage) => ({ ...all, ...stage })) };
}

/** Who starts from it counts batches of its own. */
function uncounted({ shape, data }: WeightTensor): WeightTensor {
  return { shape, data: data instanceof Float32Array ? data : new BigInt64Array(data.length) };
}

mkdirSync(output, { recursive: true });
for (const [index, stage] of stages.entries()) await runStage(stage, index, stages[index - 1]);
await writeBackbone();
