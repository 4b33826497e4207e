/**
 * @file Plants mistakes of annotation in generated scenes, trains on them briefly, and counts how many of them are among the images
 * that checkLabels names first, for docs/plan.md: an object of another class, one that was not drawn, a mask that was shifted by 6 %.
 *
 *   npm run experiment:annotation-noise -- [--seeds 0,1,2] [--launcher "nice -n 8"]
 *
 * Of 96 training images 12 are wrong, of 24 validation images 6. Runs go to runs/annotation-noise/seed-N; what is complete there is not
 * repeated. Prints Markdown; writes docs/results/annotation-noise.json. Beside the ranking stand two that need no thresholds:
 * the images of lowest mean Dice, and those with most wrong pixels.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkLabels, evaluate } from 'otx';
import {
  NOISE_KINDS,
  type NoiseKind,
  type PlantedNoise,
  writeNoisyScenes,
} from '../src/doctor/noise/plant-noise.cases.js';
import { diceOf, MACHINE, otx, paramsOf, readEpochs, savedOr, spread, writeJson } from './experiment.js';

const ROOT = 'runs/annotation-noise';
const TEMPLATE = 'Lite-HRNet-s-mod2';
const SUBSETS = { train: { images: 96, wrong: 12 }, val: { images: 24, wrong: 6 } } as const;
const SETTINGS = {
  'learning_parameters.num_iters': 60,
  'learning_parameters.input_size': '256x256',
  'learning_parameters.augmentation': 'plain',
  'learning_parameters.learning_rate_schedule': 'poly',
  'learning_parameters.enable_early_stopping': false,
};

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '0,1,2' }, launcher: { type: 'string', default: '' } },
});

/** What one ranking is worth. */
interface Found {
  readonly seed: number;
  readonly subset: string;
  readonly ranking: string;
  /** Planted mistakes among as many images from the top. */
  readonly hits: number;
  readonly planted: number;
  /** Places of the planted mistakes from 1, by kind. */
  readonly places: Readonly<Record<NoiseKind, readonly number[]>>;
}

interface Trained {
  readonly seed: number;
  readonly mDice: number;
  readonly found: readonly Found[];
}

const results: Trained[] = [];
for (const seed of values.seeds.split(',').map(Number)) results.push(await runSeed(seed));
writeJson('docs/results/annotation-noise.json', {
  template: TEMPLATE,
  machine: MACHINE,
  settings: SETTINGS,
  results,
});
printTable(results);

async function runSeed(seed: number): Promise<Trained> {
  const folder = join(ROOT, `seed-${seed}`);
  const data = join(folder, 'data');
  const record = join(folder, 'planted.json');
  const scenes = { width: 320, height: 256, seed, subsets: SUBSETS };
  const written = existsSync(record) ? [] : await writeNoisyScenes(data, scenes);
  const planted = savedOr<PlantedNoise[]>(record, () => written);
  const run = join(folder, 'run');
  if (!existsSync(join(run, 'results.csv')) || readEpochs(run).length < 60) {
    const words = [
      'train',
      TEMPLATE,
      '--train-data-roots',
      join(data, 'train'),
      '--val-data-roots',
      join(data, 'val'),
    ];
    otx([...words, '-o', run, '--seed', String(seed), '--pretrained', 'none', ...paramsOf(SETTINGS)], {
      output: run,
      launcher: values.launcher,
    });
  }
  const found: Found[] = [];
  for (const subset of Object.keys(SUBSETS)) {
    const wrong = planted.filter((each) => each.subset === subset);
    const of = (ranking: string, names: readonly string[]) => judge({ seed, subset, ranking }, names, wrong);
    const { images } = await checkLabels({ data: join(data, subset), weights: run });
    found.push(
      of(
        'checkLabels',
        images.map(({ name }) => name),
      ),
    );
    const { images: scored } = await evaluate({ testData: join(data, subset), weights: run });
    const by = (value: (image: (typeof scored)[number]) => number) =>
      [...scored].sort((a, b) => value(a) - value(b)).map(({ name }) => name);
    found.push(
      of(
        'lowest mean Dice',
        by(({ mDice }) => mDice),
      ),
    );
    found.push(
      of(
        'most wrong pixels',
        by(({ accuracy }) => accuracy),
      ),
    );
  }
  return { seed, mDice: diceOf(readEpochs(run)).best, found };
}

function judge(
  of: Pick<Found, 'seed' | 'subset' | 'ranking'>,
  ranked: readonly string[],
  wrong: readonly PlantedNoise[],
): Found {
  const placeOf = (name: string) => 1 + ranked.indexOf(name);
  const places = NOISE_KINDS.map((kind) => [
    kind,
    wrong
      .filter((each) => each.kind === kind)
      .map(({ name }) => placeOf(name))
      .sort((a, b) => a - b),
  ]);
  const hits = wrong.filter(({ name }) => placeOf(name) <= wrong.length).length;
  return { ...of, hits, planted: wrong.length, places: Object.fromEntries(places) as Found['places'] };
}

function printTable(trained: readonly Trained[]): void {
  const all = trained.flatMap(({ found }) => found);
  const seeds = trained.map(({ seed, mDice }) => `${seed}: ${mDice.toFixed(3)}`).join(', ');
  console.log(`Best mean Dice by seed: ${seeds}; on ${MACHINE}.\n`);
  console.log(
    `| images | ranking | found among as many | among twice as many | ${NOISE_KINDS.join(' | ')} |`,
  );
  console.log(`| --- | --- | ---: | ---: | ${NOISE_KINDS.map(() => '---:').join(' | ')} |`);
  for (const subset of Object.keys(SUBSETS)) {
    for (const ranking of new Set(all.map((each) => each.ranking))) {
      const some = all.filter((each) => each.subset === subset && each.ranking === ranking);
      const hits = some.reduce((sum, each) => sum + each.hits, 0);
      const planted = some.reduce((sum, each) => sum + each.planted, 0);
      const twice = some.flatMap((each) =>
        Object.values(each.places).flatMap((places) => places.filter((place) => place <= 2 * each.planted)),
      );
      const kinds = NOISE_KINDS.map((kind) => {
        const places = some.flatMap((each) => each.places[kind].map((place) => place <= each.planted));
        return `${places.filter(Boolean).length} of ${places.length}`;
      });
      console.log(
        `| ${subset} | ${ranking} | ${hits} of ${planted} | ${twice.length} of ${planted} | ${kinds.join(' | ')} |`,
      );
    }
  }
  const { mean, low, high } = spread(trained.map(({ mDice }) => mDice));
  console.log(`\nMean Dice ${mean.toFixed(3)} (${low.toFixed(3)} … ${high.toFixed(3)}).`);
}
