/**
 * @file Trains one template with several seeds on a data set and reports mean, spread, time and learning curve, for docs/results.md.
 *
 *   npm run experiment:results -- --name plain-s --template Lite-HRNet-s-mod2 --data FOLDER --seeds 0,1,2 -- \
 *     --learning_parameters.num_iters 40 --learning_parameters.input_size 256x256
 *
 * FOLDER holds train/ and val/. Runs go to runs/NAME/seed-N; a run that is already complete is not repeated. Prints
 * Markdown; writes docs/results/NAME.json and docs/images/NAME.png (the curve).
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type DiceScores,
  diceOf,
  drawLines,
  MACHINE,
  otx,
  readEpochs,
  savedOr,
  spread,
  total,
  writeJson,
} from './experiment.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string' },
    template: { type: 'string' },
    data: { type: 'string' },
    seeds: { type: 'string', default: '0,1,2' },
    title: { type: 'string' },
    unlabeled: { type: 'string' },
  },
});
const { name, template, data } = required(values);
const title = values.title ?? name;

/** @returns the options without which there is nothing to do; ends the process where one is missing. */
function required({ name, template, data }: typeof values) {
  if (name && template && data) return { name, template, data };
  console.error(
    'usage: npm run experiment:results -- --name NAME --template T --data FOLDER [--seeds 0,1,2] -- PARAMS…',
  );
  process.exit(2);
}

interface Run extends DiceScores {
  readonly seed: number;
  readonly epochs: number;
  readonly wallSeconds: number;
  /** Part of the time of training that was spent waiting for data. */
  readonly waitingShare: number;
  /** Dice of the best epoch by column of `results.csv`. */
  readonly perClass: Readonly<Record<string, number>>;
}

const runs = values.seeds.split(',').map((seed) => trainOnce(Number(seed)));
const { mean, deviation, low, high } = spread(runs.map((run) => run.best));
const summary = {
  name,
  template,
  params: positionals.join(' '),
  machine: MACHINE,
  meanBestDice: mean,
  spread: high - low,
  standardDeviation: deviation,
  runs,
};
writeJson(`docs/results/${name}.json`, summary);
await drawCurve();
printMarkdown();

function trainOnce(seed: number): Run {
  const output = join('runs', name, `seed-${seed}`);
  return savedOr(`${output}.json`, () => {
    const words = ['train', template, '--train-data-roots', join(data, 'train')];
    words.push('--val-data-roots', join(data, 'val'));
    if (values.unlabeled) words.push('--unlabeled-data-roots', values.unlabeled);
    words.push('-o', output, '--seed', String(seed), '--pretrained', 'none', 'params', ...positionals);
    const start = performance.now();
    otx(words, { output });
    const wallSeconds = (performance.now() - start) / 1000;
    const epochs = readEpochs(output);
    const { curve, ...dice } = diceOf(epochs);
    const top = epochs.find(({ epoch }) => epoch === dice.bestEpoch);
    return {
      seed,
      ...dice,
      epochs: epochs.length,
      wallSeconds,
      waitingShare: total(epochs, 'waiting_seconds') / (total(epochs, 'train_seconds') || 1),
      perClass: Object.fromEntries(Object.entries(top ?? {}).filter(([key]) => key.startsWith('Dice.'))),
      curve,
    };
  });
}

async function drawCurve(): Promise<void> {
  const lines = runs.map(({ seed, curve }) => ({ name: `seed ${seed}`, points: curve }));
  const last = Math.max(...runs.map(({ epochs }) => epochs));
  await drawLines(`docs/images/${name}.png`, [{ title: `${title}: mean Dice`, lines, min: 0, max: 1 }], {
    range: [1, last],
    unit: 'epoch',
    dots: false,
    columns: 1,
  });
}

function printMarkdown(): void {
  console.log(`| seed | best mean Dice | at epoch | last | epochs | wall time | waiting for data |`);
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const run of runs)
    console.log(
      `| ${run.seed} | ${run.best.toFixed(3)} | ${run.bestEpoch} | ${run.last.toFixed(3)} | ${run.epochs} | ` +
        `${run.wallSeconds.toFixed(0)} s | ${(100 * run.waitingShare).toFixed(2)} % |`,
    );
  const classes = Object.keys(runs[0]?.perClass ?? {});
  const meanOf = (key: string) =>
    spread(runs.map(({ perClass }) => perClass[key] ?? Number.NaN)).mean.toFixed(2);
  console.log(`\n| mean over seeds | ${classes.map((key) => key.replace('Dice.', '')).join(' | ')} |`);
  console.log(`| --- |${' --- |'.repeat(classes.length)}`);
  console.log(`| ${name} | ${classes.map(meanOf).join(' | ')} |`);
  console.log(
    `\nmean ${summary.meanBestDice.toFixed(3)}, standard deviation ${summary.standardDeviation.toFixed(3)}, ` +
      `range ${summary.spread.toFixed(3)}; ${summary.machine}`,
  );
}
