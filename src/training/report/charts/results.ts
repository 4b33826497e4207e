/** @file `results.png`: how the loss, the scores and the learning rate went, epoch by epoch. */

import type { EChartsOption, LineSeriesOption } from 'echarts';
import type { ResultsTable } from '../results-table.js';
import { drawChart, FAINT, GRID, INK, LINES } from './draw.js';

const WIDTH = 1200;
const ROW_HEIGHT = 400;
/** More lines than this cannot be told apart. */
const MAX_CLASSES = 10;
/** With more epochs the dots run into each other. */
const MAX_DOTS = 40;

/** One of the small charts. */
interface Panel {
  readonly title: string;
  readonly lines: readonly { readonly name: string; readonly values: readonly number[] }[];
  readonly axis?: { readonly min?: number; readonly max?: number };
}

/** Draws the table. @returns a PNG file */
export function drawResults(table: ResultsTable): Promise<Uint8Array> {
  const rows = Math.ceil(panelsOf(table).length / 2);
  return drawChart(resultsOption(table), { width: WIDTH, height: rows * ROW_HEIGHT });
}

/** The chart behind {@link drawResults}. */
export function resultsOption(table: ResultsTable): EChartsOption {
  const { epochs, column } = table;
  const panels = panelsOf(table);
  const best = bestOf(epochs, column('mDice'));
  const place = panels.map((_, index) => ({
    left: 70 + (index % 2) * 590,
    top: 78 + Math.floor(index / 2) * (ROW_HEIGHT - 10),
  }));
  return {
    color: LINES,
    title: [
      ...panels.map(({ title }, index) => ({
        text: title,
        left: place[index]!.left - 46,
        top: place[index]!.top - 62,
        textStyle: { fontSize: 16, fontWeight: 'bold' as const, color: INK },
      })),
      {
        text: best ? `best mDice ${best.score.toFixed(4)} in epoch ${best.epoch}` : '',
        left: place[1]!.left + 500,
        top: place[1]!.top - 60,
        textAlign: 'right' as const,
        textStyle: { fontSize: 13, fontWeight: 'normal' as const, color: FAINT },
      },
    ],
    legend: panels.map(({ lines }, index) => ({
      data: lines.map(({ name }) => ({ name: key(index, name) })),
      formatter: (name: string) => name.slice(name.indexOf(' ') + 1),
      show: lines.length > 1,
      left: place[index]!.left - 46,
      top: place[index]!.top - 36,
      width: 540,
      itemWidth: 16,
      itemHeight: 8,
      itemGap: 20,
      type: 'plain',
      icon: 'roundRect',
      textStyle: { fontSize: 12, color: INK },
    })),
    grid: panels.map(({ lines }, index) => {
      // A legend of many names takes a second row.
      const extra = lines.length > 5 ? 20 : 0;
      return {
        left: place[index]!.left,
        top: place[index]!.top + extra,
        width: 500,
        height: 268 - extra,
      };
    }),
    xAxis: panels.map((_, gridIndex) => ({
      type: 'value',
      gridIndex,
      min: epochs.length > 1 ? epochs[0]! : epochs[0]! - 1,
      max: epochs.length > 1 ? epochs[epochs.length - 1]! : epochs[0]! + 1,
      minInterval: 1,
      name: gridIndex >= panels.length - 2 ? 'epoch' : '',
      nameLocation: 'middle',
      nameGap: 26,
      nameTextStyle: { color: FAINT },
      axisLine: { show: true, onZero: false, lineStyle: { color: FAINT } },
      axisLabel: { color: INK },
      splitLine: { show: false },
    })),
    yAxis: panels.map(({ axis }, gridIndex) => ({
      type: 'value',
      gridIndex,
      ...axis,
      axisLabel: { color: INK, formatter: shortNumber },
      splitLine: { lineStyle: { color: GRID } },
    })),
    series: panels.flatMap(({ lines }, index) =>
      lines.map(
        ({ name, values }, line): LineSeriesOption => ({
          type: 'line',
          name: key(index, name),
          xAxisIndex: index,
          yAxisIndex: index,
          color: LINES[line % LINES.length]!,
          // Epochs that were not validated have no score; the line goes on to the next that was.
          data: epochs.flatMap((epoch, row) =>
            Number.isNaN(values[row]) ? [] : [[epoch, values[row]!] as [number, number]],
          ),
          showSymbol: epochs.length <= MAX_DOTS,
          symbol: 'circle',
          symbolSize: 5,
          lineStyle: { width: 2 },
        }),
      ),
    ),
  };
}

/** Loss, scores if anything was validated, what the method reports besides, learning rate. */
function panelsOf({ column, classes, figures }: ResultsTable): Panel[] {
  const perClass = classes.map((name) => ({ name, values: column(`Dice.${name}`) }));
  const weakest = [...perClass]
    .sort((a, b) => lastKnown(a.values) - lastKnown(b.values))
    .slice(0, MAX_CLASSES);
  const shown = perClass.length > MAX_CLASSES ? weakest : perClass;
  const scores = { min: 0, max: 1 };
  const lines = (names: readonly string[]) => names.map((name) => ({ name, values: column(name) }));
  const named = (ending: string) => figures.filter((name) => name.endsWith(ending));
  const [losses, dice, similarities] = ['_loss', '_mDice', '_similarity'].map(named) as [
    string[],
    string[],
    string[],
  ];
  const others = figures.filter((name) => ![...losses, ...dice, ...similarities].includes(name));
  const isScored = [column('mDice'), ...perClass.map(({ values }) => values)].some(
    (values) => lastKnown(values) < Number.POSITIVE_INFINITY,
  );
  return [
    { title: 'Training loss', lines: lines(['loss', ...losses]), axis: { min: 0 } },
    ...(isScored
      ? [
          {
            title: 'Validation scores',
            lines: lines(['mDice', 'mIoU', 'mAcc', 'aAcc', ...dice]),
            axis: scores,
          },
          {
            title: shown === perClass ? 'Dice per class' : `Dice of the ${MAX_CLASSES} weakest classes`,
            lines: shown,
            axis: scores,
          },
        ]
      : []),
    ...(similarities.length > 0
      ? [{ title: 'Mean similarity', lines: lines(similarities), axis: { max: 1 } }]
      : []),
    ...others.map((name) => ({ title: titleOf(name), lines: lines([name]) })),
    { title: 'Learning rate', lines: [{ name: 'rate', values: column('learning_rate') }], axis: { min: 0 } },
  ];
}

/** `entropy_threshold` → `Entropy threshold` */
function titleOf(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

/** Legends share one space of names, and a class may be called "loss". */
function key(panel: number, name: string): string {
  return `${panel} ${name}`;
}

function shortNumber(value: number): string {
  return value !== 0 && Math.abs(value) < 0.01 ? value.toExponential() : String(Number(value.toPrecision(4)));
}

function lastKnown(values: readonly number[]): number {
  return values.findLast((value) => !Number.isNaN(value)) ?? Number.POSITIVE_INFINITY;
}

function bestOf(epochs: readonly number[], scores: readonly number[]) {
  let best: { epoch: number; score: number } | undefined;
  scores.forEach((score, row) => {
    if (score > (best?.score ?? Number.NEGATIVE_INFINITY)) best = { epoch: epochs[row]!, score };
  });
  return best;
}
