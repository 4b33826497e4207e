/**
 * @file Compares what helps with a class of 0.3 % of the pixels, for docs/rare-classes.md: the project's own scenes, in some of which
 * small warning signs stand, learned with each remedy and several seeds.
 *
 *   npm run experiment:rare-classes [-- --seeds 0,1,2 --epochs 40]
 *
 * Runs go to runs/rare-classes; what is complete there is not repeated. Writes docs/results/rare-classes.json and prints the table.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type LabeledImages, type TrainOptions, train } from 'otx';
import { Random } from '../src/base/random.js';
import { generateScene } from '../src/demo/generate.js';
import { SCENE_CLASSES } from '../src/demo/streets/scene.js';
import { MACHINE, savedOrMade, spread, writeJson } from './experiment.js';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '0,1,2' }, epochs: { type: 'string', default: '40' } },
});
const seeds = values.seeds.split(',').map(Number);
const epochs = Number(values.epochs);

const WIDTH = 192;
const HEIGHT = 144;
const TRAIN_IMAGES = 64;
const VALIDATION_IMAGES = 40;
/** Share of the images with a sign. */
const WITH_SIGN = 0.6;
const SIGN = SCENE_CLASSES.length;

/** What is tried, as settings of a training. */
const REMEDIES: Readonly<Record<string, Partial<TrainOptions>>> = {
  none: {},
  'weights auto': { classWeights: 'auto' },
  'weights balanced': { classWeights: 'balanced' },
  focal: { loss: 'focal' },
  dice: { loss: 'dice' },
  lovasz: { loss: 'lovasz' },
  'rare crops': { rareCropShare: 0.5 },
  'weights auto, rare crops': { classWeights: 'auto', rareCropShare: 0.5 },
  'dice, rare crops': { loss: 'dice', rareCropShare: 0.5 },
};

interface Result {
  readonly remedy: string;
  readonly seed: number;
  /** Of the sign, at the best epoch by mean Dice. */
  readonly iou: number;
  /** Share of the pixels of the sign that are found. */
  readonly recall: number;
  readonly mDice: number;
}

const trainData = pictures(TRAIN_IMAGES, 'train');
const validationData = pictures(VALIDATION_IMAGES, 'validation');
const share = shareOf(trainData);
console.log(`the sign has ${(100 * share).toFixed(2)} % of the training pixels`);
const results: Result[] = [];
for (const seed of seeds) {
  for (const remedy of Object.keys(REMEDIES)) results.push(await trained(remedy, seed));
}
report();

/** A triangle with a dark border, as large as things are that stand far away. */
function drawSign(image: Uint8Array, mask: Uint8Array, random: Random): void {
  const height = 9 + random.integer(16);
  const left = random.integer(WIDTH - height);
  const top = Math.floor(HEIGHT * 0.3) + random.integer(HEIGHT / 2 - height);
  const bright = random.range(0.7, 1);
  for (let y = 0; y < height; y++) {
    const half = (y + 1) / 2;
    for (let x = Math.ceil(height / 2 - half); x < height / 2 + half; x++) {
      const isBorder = y >= height - 2 || Math.abs(x - height / 2) > half - 1.5;
      const at = (top + y) * WIDTH + left + x;
      mask[at] = SIGN;
      const [r, g, b] = isBorder ? [190, 40, 30] : [230, 225, 215];
      image.set(
        [r!, g!, b!].map((value) => value * bright + random.range(-6, 6)),
        3 * at,
      );
    }
  }
}

function pictures(count: number, name: string): LabeledImages {
  const images = Array.from({ length: count }, (_, n) => {
    const { image, mask } = generateScene(`rare ${name} ${n}`, WIDTH, HEIGHT);
    const random = new Random(`sign ${name} ${n}`);
    if (random.chance(WITH_SIGN)) drawSign(image, mask, random);
    const size = { width: WIDTH, height: HEIGHT };
    return { image: { data: image, ...size, channels: 3 as const }, mask: { data: mask, ...size } };
  });
  return {
    classes: [...SCENE_CLASSES, 'sign'],
    images,
  };
}

function shareOf({ images }: LabeledImages): number {
  const found = images.map(({ mask }) => Array.from(mask.data).filter((label) => label === SIGN).length);
  return found.reduce((a, b) => a + b, 0) / (images.length * WIDTH * HEIGHT);
}

function trained(remedy: string, seed: number): Promise<Result> {
  const output = join('runs', 'rare-classes', `${remedy.replaceAll(/\W+/g, '-')}-${seed}`);
  return savedOrMade(`${output}.json`, async () => {
    rmSync(output, { recursive: true, force: true });
    const { metrics } = await train({
      ...{ template: 'Lite-HRNet-s-mod2', recipe: 'otx', trainData, validationData, output, seed, epochs },
      ...{
        pretrained: 'embedded',
        reports: false,
        inputSize: '128x128',
        batchSize: 8,
        augmentation: 'plain',
      },
      ...{ learningRate: 0.003, warmupSteps: 20, learningRateSchedule: 'poly', earlyStopping: false },
      ...REMEDIES[remedy],
    });
    const sign = metrics!.perClass[SIGN]!;
    const result = { remedy, seed, iou: sign.iou ?? 0, recall: sign.acc ?? 0, mDice: metrics!.mDice };
    console.error(JSON.stringify(result));
    return result;
  });
}

function report(): void {
  const rows = Object.keys(REMEDIES).map((remedy) => {
    const own = results.filter((result) => result.remedy === remedy);
    const of = (field: 'iou' | 'recall' | 'mDice') => spread(own.map((result) => result[field]));
    return { remedy, iou: of('iou'), recall: of('recall'), mDice: of('mDice') };
  });
  writeJson('docs/results/rare-classes.json', { machine: MACHINE, share, epochs, seeds, rows, results });
  const cell = ({ mean, deviation }: ReturnType<typeof spread>) =>
    `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;
  console.log('| remedy | IoU of the class | recall | mean Dice of all |\n| --- | --- | --- | --- |');
  for (const { remedy, iou, recall, mDice } of rows) {
    console.log(`| ${remedy} | ${cell(iou)} | ${cell(recall)} | ${cell(mDice)} |`);
  }
}
