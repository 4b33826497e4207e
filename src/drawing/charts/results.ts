/** @file `results.png`: how the loss, the scores and the learning rate went, epoch by epoch. */

import type { ClassInfo } from '../../data/index.js';
import { classColor } from './draw.js';
import { drawLinePanels, type LinePanel, linePanelsSvg, type PanelLine } from './line-panels.js';
import type { ResultsTable } from './results-table.js';

/** More lines than this cannot be told apart. */
const MAX_CLASSES = 10;
/** With more epochs the dots run into each other. */
const MAX_DOTS = 40;

/** Draws the table, which has an epoch at least. @param classes whose colours are used. @returns a PNG file */
export function drawResults(table: ResultsTable, classes: readonly ClassInfo[]): Promise<Uint8Array> {
  return drawLinePanels(resultPanels(table, classes), optionsFor(table));
}

/** The chart behind {@link drawResults}. */
export function resultsSvg(table: ResultsTable, classes: readonly ClassInfo[]): string {
  return linePanelsSvg(resultPanels(table, classes), optionsFor(table));
}

function optionsFor({ epochs, column }: ResultsTable) {
  const best = bestOf(epochs, column('mDice'));
  return {
    range: [epochs[0] as number, epochs.at(-1) as number] as const,
    unit: 'epoch',
    dots: epochs.length <= MAX_DOTS,
    note: best && `best mDice ${best.score.toFixed(4)} in epoch ${best.epoch}`,
  };
}

/**
 * Loss, scores if anything was validated, what the method reports besides, learning rate. A panel or a line without any
 * value is left out: it comes with its first one.
 */
export function resultPanels(table: ResultsTable, classes: readonly ClassInfo[]): LinePanel[] {
  const { epochs, column, figures } = table;
  const lineOf = (name: string, values: readonly number[], color?: string): PanelLine => ({
    name,
    // Epochs that were not validated have no score; the line goes on to the next that was.
    points: epochs.flatMap((epoch, row) =>
      Number.isFinite(values[row]) ? [[epoch, values[row] as number] as const] : [],
    ),
    ...(color === undefined ? {} : { color }),
  });
  const lines = (names: readonly string[]) => names.map((name) => lineOf(name, column(name)));
  const colors = new Map(classes.map((info) => [info.name, classColor(info)]));
  const perClass = table.classes.map((name) => lineOf(name, column(`Dice.${name}`), colors.get(name)));
  const weakest = [...perClass].sort((a, b) => lastOf(a) - lastOf(b)).slice(0, MAX_CLASSES);
  const isCut = perClass.length > MAX_CLASSES;

  const named = (ending: string) => figures.filter((name) => name.endsWith(ending));
  const [losses, dice, similarities] = [named('_loss'), named('_mDice'), named('_similarity')];
  const others = figures.filter((name) => ![...losses, ...dice, ...similarities].includes(name));
  const panels: LinePanel[] = [
    { title: 'Training loss', lines: lines(['loss', ...losses]), min: 0 },
    { title: 'Validation scores', lines: lines(['mDice', 'mIoU', 'mAcc', 'aAcc', ...dice]), min: 0, max: 1 },
    {
      title: isCut ? `Dice of the ${MAX_CLASSES} weakest classes` : 'Dice per class',
      lines: isCut ? weakest : perClass,
      min: 0,
      max: 1,
    },
    { title: 'Mean similarity', lines: lines(similarities), max: 1 },
    ...others.map((name) => ({ title: titleOf(name), lines: lines([name]) })),
    { title: 'Learning rate', lines: [lineOf('rate', column('learning_rate'))], min: 0 },
  ];
  return panels
    .map((panel) => ({ ...panel, lines: panel.lines.filter(({ points }) => points.length > 0) }))
    .filter((panel) => panel.lines.length > 0);
}

/** `entropy_threshold` → `Entropy threshold` */
function titleOf(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

function lastOf({ points }: PanelLine): number {
  return points.at(-1)?.[1] ?? Number.POSITIVE_INFINITY;
}

function bestOf(epochs: readonly number[], scores: readonly number[]) {
  let best: { epoch: number; score: number } | undefined;
  scores.forEach((score, row) => {
    if (score > (best?.score ?? Number.NEGATIVE_INFINITY)) best = { epoch: epochs[row]!, score };
  });
  return best;
}
