/**
 * @file What a training reaches of which nothing is said but its data, by recipe: best mean Dice, and the seconds that it takes.
 *
 *   npm run experiment:defaults -- --data camvid7=FOLDER,cells=FOLDER [--recipes auto,otx] [--templates default,Lite-HRNet-18-mod2] \
 *     [--seeds 0,1,2] [--pretrained embedded] [--time-budget 10m]
 *   npm run experiment:defaults -- --data camvid7=FOLDER,cells=FOLDER --print
 *
 * Each FOLDER holds train/ and val/; "npm run generate" draws such data sets. The template `default` is named by nobody. Runs go to
 * runs/defaults; what is complete there is not repeated, so that it goes on where it was stopped. --pretrained and --time-budget
 * are handed on, for a start that is the same on all machines and for a look that takes minutes. --print makes the table of what
 * is there. Writes docs/results/defaults.json. --launcher puts a command in front of every training, e.g. "nice -n 8".
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type DiceScores,
  diceOf,
  MACHINE,
  otx,
  readEpochs,
  readResults,
  savedOr,
  spread,
  writeJson,
} from './experiment.js';

const RECIPES = ['auto', 'otx'] as const;
type Recipe = (typeof RECIPES)[number];
/** The word for the template that is named by nobody. */
const UNNAMED = 'default';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    recipes: { type: 'string', default: RECIPES.join(',') },
    templates: { type: 'string', default: UNNAMED },
    seeds: { type: 'string', default: '0,1,2' },
    folder: { type: 'string', default: 'runs/defaults' },
    pretrained: { type: 'string' },
    'time-budget': { type: 'string' },
    launcher: { type: 'string', default: '' },
    print: { type: 'boolean', default: false },
  },
});
const ROOT = resolve(values.folder);
const folders = new Map(
  (values.data ?? usage()).split(',').map((entry) => entry.split('=') as [string, string]),
);
const recipes = values.recipes.split(',').map(recipeNamed);
const templates = values.templates.split(',');
const seeds = values.seeds.split(',').map(Number);

function usage(): never {
  console.error(
    'usage: npm run experiment:defaults -- --data NAME=FOLDER,… [--recipes auto,otx] [--templates …] [--seeds …]',
  );
  process.exit(2);
}

function recipeNamed(name: string): Recipe {
  return RECIPES.find((recipe) => recipe === name) ?? usage();
}

interface Training {
  readonly data: string;
  readonly template: string;
  readonly recipe: Recipe;
  readonly seed: number;
}

interface Run extends Training, DiceScores {
  readonly epochs: number;
  /** Of the whole command. */
  readonly seconds: number;
}

if (!values.print) {
  // Whole comparisons first: whatever is complete can be read.
  for (const seed of seeds)
    for (const data of folders.keys())
      for (const template of templates)
        for (const recipe of recipes) trainOnce({ data, template, recipe, seed });
}
report();

function trainOnce(training: Training): Run {
  const { data, template, recipe, seed } = training;
  const output = join(ROOT, `${data}-${template}-${recipe}-${seed}`);
  return savedOr(`${output}.json`, () => {
    const words = ['train', ...(template === UNNAMED ? [] : [template])];
    words.push('--train-data-roots', join(folders.get(data)!, 'train'), '-o', output, '--seed', String(seed));
    if (values.pretrained) words.push('--pretrained', values.pretrained);
    if (values['time-budget']) words.push('--time-budget', values['time-budget']);
    const start = performance.now();
    otx(words, { output, launcher: values.launcher, recipe });
    const seconds = (performance.now() - start) / 1000;
    const epochs = readEpochs(output);
    return { ...training, ...diceOf(epochs), epochs: epochs.length, seconds };
  });
}

/** The table of all results that are there. */
function report(): void {
  const runs = readResults(ROOT) as Run[];
  writeJson('docs/results/defaults.json', { machine: MACHINE, runs });
  const of = (cell: Partial<Training>) =>
    runs.filter((run) => Object.entries(cell).every(([key, value]) => run[key as keyof Training] === value));
  console.log('\n| data | template | recipe | runs | best mean Dice | against otx | epochs | seconds |');
  console.log('| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |');
  for (const data of folders.keys())
    for (const template of templates)
      for (const recipe of recipes) {
        const cell = of({ data, template, recipe });
        if (cell.length === 0) continue;
        const gains = cell.flatMap(({ seed, best }) =>
          of({ data, template, recipe: 'otx', seed }).map((run) => best - run.best),
        );
        const numbers = [
          shown(cell.map(({ best }) => best)),
          recipe === 'otx' || gains.length === 0 ? '' : shown(gains, '+'),
          spread(cell.map(({ epochs }) => epochs)).mean.toFixed(0),
          spread(cell.map(({ seconds }) => seconds)).mean.toFixed(0),
        ];
        console.log(`| ${data} | ${template} | ${recipe} | ${cell.length} | ${numbers.join(' | ')} |`);
      }
  console.log(`\nMean and standard deviation over seeds ${seeds.join(', ')}; ${MACHINE}.`);
}

function shown(figures: readonly number[], sign = ''): string {
  const { mean, deviation } = spread(figures);
  return `${sign && mean > 0 ? sign : ''}${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;
}
