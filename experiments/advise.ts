/**
 * @file What the advice of `otx suggest` saves, for docs/suggest.md: a few labelled images at first, then more in rounds, each time
 * drawn at random or suggested by the model of the round before; every round is trained from the embedded backbone with equally many
 * steps. Each seed has two thirds of the images to choose from. The first images are drawn at random too, but for strategies that
 * begin with "cold+", whose first ones are those of a cold start.
 *
 *   npm run generate -- runs/cells --look cells --train 160 --val 32 --width 192 --height 192
 *   npm run experiment:advise -- --data runs/cells --size 192 [--seeds 0,1,2] [--strategies random,combined,coverage,cold+combined]
 *   npm run experiment:advise -- --data runs/cells --print
 *
 * The folder holds train/ and val/. Runs go to runs/advise-NAME; what is complete there is not repeated. Writes
 * docs/results/advise-NAME.json.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { suggestLabels } from 'otx';
import { Random } from '../src/base/random.js';
import {
  diceOf,
  link,
  linkDataset,
  MACHINE,
  otx,
  paramsOf,
  readEpochs,
  readResults,
  savedOr,
  savedOrMade,
  spread,
  writeJson,
} from './experiment.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    size: { type: 'string', default: '256' },
    counts: { type: 'string', default: '8,16,24' },
    seeds: { type: 'string', default: '0,1,2' },
    strategies: { type: 'string', default: 'random,combined,coverage,cold+combined' },
    threads: { type: 'string', default: '1' },
    launcher: { type: 'string', default: '' },
    print: { type: 'boolean', default: false },
  },
});

const data = resolve(values.data ?? usage());
const name = basename(data);
const root = resolve(`runs/advise-${name}`);
const strategies = values.strategies.split(',');
const COLD = 'cold+';
type Advice = Parameters<typeof suggestLabels>[0]['strategy'];
const counts = values.counts.split(',').map(Number);
const seeds = values.seeds.split(',').map(Number);
/** Images of an epoch, in which each is as often: a multiple of every count. */
const PER_EPOCH = 96;
const SETTINGS = {
  'learning_parameters.batch_size': 8,
  'learning_parameters.num_iters': 13,
  'learning_parameters.input_size': `${values.size}x${values.size}`,
  'learning_parameters.validation_interval': 3,
  'learning_parameters.enable_early_stopping': false,
};

interface Round {
  readonly strategy: string;
  readonly seed: number;
  readonly count: number;
  /** File names of the labelled images. */
  readonly images: readonly string[];
  /** Best mean Dice on the validation data. */
  readonly dice: number;
}

function usage(): never {
  console.error(
    'usage: npm run experiment:advise -- --data FOLDER [--size N] [--seeds …] [--strategies …] [--print]',
  );
  process.exit(2);
}

const everything = readdirSync(join(data, 'train', 'images')).sort();
if (!values.print) {
  // Seed by seed, so that whatever is complete can be read.
  for (const seed of seeds) {
    for (const strategy of strategies) await rounds(strategy, seed);
  }
}
report();

/** The name of the first round of a strategy, which those that begin alike share. */
function firstOf(strategy: string): string {
  return strategy.startsWith(COLD) ? 'cold' : 'first';
}

/** All rounds of a way to choose. */
async function rounds(strategy: string, seed: number): Promise<void> {
  const pool = new Random(`advise pool ${seed}`)
    .shuffle(everything)
    .slice(0, Math.ceil((2 / 3) * everything.length));
  let before: Round | undefined;
  for (const count of counts) {
    const file = join(root, `${before ? strategy : firstOf(strategy)}-${count}-${seed}`);
    const last = before;
    const images = await savedOrMade(`${file}.images`, async () => {
      const known = last?.images ?? [];
      const left = pool.filter((image) => !known.includes(image));
      const more = count - known.length;
      const weights =
        last && join(root, `${count === counts[1] ? firstOf(strategy) : strategy}-${last.count}-${seed}`);
      const isDrawn = strategy === 'random' || (!last && !strategy.startsWith(COLD));
      const next = isDrawn
        ? drawn(left, more, seed)
        : await suggested(strategy, { left, more, weights, file });
      return [...known, ...next];
    });
    before = savedOr(`${file}.json`, () => ({
      strategy,
      seed,
      count,
      images,
      dice: trained(file, images, seed),
    }));
  }
}

function drawn(left: readonly string[], more: number, seed: number): string[] {
  return new Random(`advise ${seed} ${left.length}`).shuffle(left).slice(0, more);
}

interface Choosing {
  readonly left: readonly string[];
  readonly more: number;
  /** Run of the round before. */
  readonly weights: string | undefined;
  readonly file: string;
}

async function suggested(strategy: string, { left, more, weights, file }: Choosing): Promise<string[]> {
  const folder = `${file}-pool`;
  const output = `${file}-advice`;
  for (const old of [folder, output]) rmSync(old, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const image of left) link(join(data, 'train', 'images', image), join(folder, image));
  const way = weights === undefined ? undefined : (strategy.replace(COLD, '') as Advice);
  const request = { input: folder, output, count: more, strategy: way };
  const { pictures } = await suggestLabels({ ...request, weights, threads: Number(values.threads) });
  return pictures.map(({ input }) => basename(input));
}

function trained(output: string, images: readonly string[], seed: number): number {
  const folder = `${output}-data`;
  linkDataset({ from: join(data, 'train'), names: images, copies: PER_EPOCH / images.length, folder });
  const words = [
    'train',
    'Lite-HRNet-s-mod2',
    '--train-data-roots',
    folder,
    '--val-data-roots',
    join(data, 'val'),
  ];
  words.push('--pretrained', 'embedded', '--seed', String(seed), '--threads', values.threads, '-o', output);
  otx([...words, ...paramsOf(SETTINGS)], { output, launcher: values.launcher, recipe: 'auto' });
  return diceOf(readEpochs(output)).best;
}

/** The table, and how many labels each way needs for what the largest number comes to at random. */
function report(): void {
  const all = (readResults(root) as Round[]).filter(({ dice }) => dice !== undefined);
  const of = (strategy: string, count: number) =>
    all.filter(
      (run) =>
        run.count === count &&
        (count === counts[0] ? firstOf(run.strategy) === firstOf(strategy) : run.strategy === strategy),
    );
  const table = strategies.map((strategy) => ({
    strategy,
    counts: counts.map((count) => {
      const dice = of(strategy, count).map((run) => run.dice);
      return { count, seeds: dice.length, ...spread(dice) };
    }),
  }));
  const target = table.find(({ strategy }) => strategy === 'random')?.counts.at(-1)?.mean;
  const summary = table.map((row) => ({
    ...row,
    labels: target === undefined ? undefined : labelsFor(target, row.counts),
  }));
  writeJson(`docs/results/advise-${name}.json`, {
    settings: SETTINGS,
    machine: MACHINE,
    target,
    summary,
    rounds: all,
  });
  console.log(`\n| chosen by | ${counts.join(' | ')} | labels for ${target?.toFixed(3)} |`);
  console.log(`| --- |${' --- |'.repeat(counts.length + 1)}`);
  for (const { strategy, counts: cells, labels } of summary) {
    const scores = cells.map(({ mean, deviation, seeds: n }) =>
      n === 0 ? '–' : `${mean.toFixed(3)} ± ${deviation.toFixed(3)} (${n})`,
    );
    console.log(
      `| ${strategy} | ${scores.join(' | ')} | ${labels?.toFixed(1) ?? `more than ${counts.at(-1)}`} |`,
    );
  }
}

/** On straight lines between the means. */
function labelsFor(target: number, means: readonly { count: number; mean: number }[]): number | undefined {
  const at = means.findIndex(({ mean }) => mean >= target);
  const [before, after] = [means[at - 1], means[at]];
  if (!after) return undefined;
  if (!before) return after.count;
  return before.count + ((after.count - before.count) * (target - before.mean)) / (after.mean - before.mean);
}
