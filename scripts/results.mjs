/**
 * Trains one template with several seeds on a data set and reports mean, spread, time and learning curve, for docs/results.md.
 *
 *   npm run build
 *   node scripts/results.mjs --name plain-s --template Lite-HRNet-s-mod2 --data FOLDER --seeds 0,1,2 -- \
 *     --learning_parameters.num_iters 40 --learning_parameters.input_size 256x256
 *
 * FOLDER holds train/ and val/. Runs go to runs/NAME/seed-N; a run that is already complete is not repeated. Prints
 * Markdown; writes docs/results/NAME.json and docs/images/NAME.png (the curve).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as echarts from 'echarts';
import sharp from 'sharp';

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
const { name, template, data, title = name } = values;
if (!name || !template || !data) {
  console.error(
    'usage: node scripts/results.mjs --name NAME --template T --data FOLDER [--seeds 0,1,2] -- PARAMS…',
  );
  process.exit(2);
}

const runs = values.seeds.split(',').map((seed) => trainOnce(Number(seed)));
const best = runs.map((run) => run.best);
const summary = {
  name,
  template,
  params: positionals.join(' '),
  machine: `${cpus().length} cores, ${cpus()[0].model.trim()}`,
  meanBestDice: mean(best),
  spread: Math.max(...best) - Math.min(...best),
  standardDeviation: deviation(best),
  runs,
};
mkdirSync('docs/results', { recursive: true });
mkdirSync('docs/images', { recursive: true });
writeFileSync(`docs/results/${name}.json`, `${JSON.stringify(summary, null, 1)}\n`);
await drawCurve();
printMarkdown();

function trainOnce(seed) {
  const output = join('runs', name, `seed-${seed}`);
  const doneFile = `${output}.json`;
  if (existsSync(doneFile)) return JSON.parse(readFileSync(doneFile, 'utf8'));
  rmSync(output, { recursive: true, force: true });
  const words = [
    'train',
    template,
    '--train-data-roots',
    join(data, 'train'),
    '--val-data-roots',
    join(data, 'val'),
  ];
  if (values.unlabeled) words.push('--unlabeled-data-roots', values.unlabeled);
  words.push('-o', output, '--seed', String(seed), 'params', ...positionals);
  console.error(`otx ${words.join(' ')}`);
  const start = performance.now();
  const { status } = spawnSync(process.execPath, ['dist/cli/main.js', ...words], { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`training with seed ${seed} ended with ${status}`);
  const seconds = (performance.now() - start) / 1000;
  const epochs = readCsv(join(output, 'results.csv'));
  const scored = epochs.filter((row) => Number.isFinite(row.mDice));
  const top = scored.reduce((a, b) => (b.mDice > a.mDice ? b : a));
  const sum = (column) => epochs.reduce((total, row) => total + (row[column] || 0), 0);
  const run = {
    seed,
    best: top.mDice,
    bestEpoch: top.epoch,
    last: scored.at(-1).mDice,
    epochs: epochs.length,
    wallSeconds: seconds,
    waitingShare: sum('waiting_seconds') / (sum('train_seconds') || 1),
    perClass: Object.fromEntries(Object.entries(top).filter(([key]) => key.startsWith('Dice.'))),
    curve: scored.map((row) => [row.epoch, row.mDice]),
  };
  writeFileSync(doneFile, JSON.stringify(run));
  return run;
}

function readCsv(path) {
  const [head, ...rows] = readFileSync(path, 'utf8').trim().split('\n');
  const names = head.split(',');
  return rows.map((row) => {
    const cells = row.split(',');
    return Object.fromEntries(
      names.map((column, i) => [column, cells[i] === '' ? Number.NaN : Number(cells[i])]),
    );
  });
}

async function drawCurve() {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 720, height: 360 });
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    title: { text: title, left: 'center', textStyle: { fontSize: 15 } },
    legend: { bottom: 0 },
    grid: { left: 50, right: 20, top: 40, bottom: 60 },
    xAxis: { type: 'value', name: 'epoch', nameLocation: 'middle', nameGap: 22, min: 1, max: 'dataMax' },
    yAxis: { type: 'value', name: 'mean Dice', min: 0, max: 1 },
    series: runs.map(({ seed, curve }) => ({
      type: 'line',
      name: `seed ${seed}`,
      showSymbol: false,
      data: curve,
    })),
  });
  await sharp(Buffer.from(chart.renderToSVGString()))
    .png({ palette: true })
    .toFile(`docs/images/${name}.png`);
  // A chart that is not disposed of keeps the process alive.
  chart.dispose();
}

function printMarkdown() {
  console.log(`| seed | best mean Dice | at epoch | last | epochs | wall time | waiting for data |`);
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const run of runs)
    console.log(
      `| ${run.seed} | ${run.best.toFixed(3)} | ${run.bestEpoch} | ${run.last.toFixed(3)} | ${run.epochs} | ` +
        `${run.wallSeconds.toFixed(0)} s | ${(100 * run.waitingShare).toFixed(2)} % |`,
    );
  console.log(
    `\nmean ${summary.meanBestDice.toFixed(3)}, standard deviation ${summary.standardDeviation.toFixed(3)}, ` +
      `range ${summary.spread.toFixed(3)}; ${summary.machine}`,
  );
}

function mean(xs) {
  return xs.reduce((a, b) => a + b, 0) / xs.length;
}

function deviation(xs) {
  const m = mean(xs);
  return Math.sqrt(xs.reduce((sum, x) => sum + (x - m) ** 2, 0) / Math.max(xs.length - 1, 1));
}
