/** @file How a run has scored: its curves, its classes, and what was taken for what. */

import { confusionSvg } from '../drawing/charts/confusion.js';
import { linePanelsSvg } from '../drawing/charts/line-panels.js';
import { resultPanels, resultsSvg } from '../drawing/charts/results.js';
import { ConfusionMatrix } from '../runs/metrics.js';
import { barCell, type Cell, chart, classCell, paragraph, section, table } from './html-parts.js';
import type { RunRecord } from './run-record.js';

/** Of charts with several panels, in the units of a drawing. */
const PANEL = { width: 590, height: 400, margin: 20 } as const;

/** `0.8523`, and a dash for what is no number. */
export const figureOf = (value: number): string => (Number.isFinite(value) ? value.toFixed(4) : '–');

/** Loss by step, and the figures of the epochs. */
export function curvesSection({ story, table: results, classes }: RunRecord): string {
  const { steps } = story;
  const parts: string[] = [];
  if (steps.length > 1) {
    const body = linePanelsSvg(
      [{ title: 'Loss of each step', lines: [{ name: 'loss', points: steps }], min: 0 }],
      {
        ...{ range: [steps[0]![0], steps.at(-1)![0]], unit: 'step', dots: false, columns: 1 },
      },
    );
    const [first, last] = [steps[0]![1], steps.at(-1)![1]];
    const label = `Loss of each step: from ${first.toPrecision(3)} to ${last.toPrecision(3)}`;
    parts.push(chart(body, { width: PANEL.width + PANEL.margin, height: PANEL.height }, label));
  }
  if (results) {
    const panels = resultPanels(results, classes);
    const rows = Math.ceil(panels.length / 2);
    const size = { width: 2 * PANEL.width + PANEL.margin, height: rows * PANEL.height };
    const said = panels.map(({ title, lines }) => {
      const [line] = lines;
      return `${title}: ${line!.name} ends at ${line!.points.at(-1)![1].toPrecision(3)}`;
    });
    parts.push(chart(resultsSvg(results, classes), size, said.join('; ')));
  }
  return parts.length === 0 ? '' : section('curves', 'Curves', parts.join('\n'));
}

/** Scores of each class in the best epoch. */
export function classesSection({ best, classes }: RunRecord): string {
  if (!best) return '';
  const { perClass, mDice, mIoU, mAcc, aAcc } = best.metrics;
  const rows = perClass.map(({ dice, iou, acc, pixels }, index): Cell[] => [
    classes[index] ? classCell(classes[index]) : `class ${index}`,
    Number.isFinite(dice) ? barCell(dice, '') : '',
    ...[figureOf(dice), figureOf(iou), figureOf(acc), pixels.toLocaleString('en')],
  ]);
  const mean = ['mean', '', figureOf(mDice), figureOf(mIoU), figureOf(mAcc), ''];
  return section(
    'classes',
    'Classes',
    paragraph(
      `Validation of ${best.epoch === 0 ? 'the weights that were given' : `epoch ${best.epoch}`}; ` +
        `${(100 * aAcc).toFixed(2)} % of all pixels are right. A dash stands for a class that is neither there nor predicted.`,
    ) +
      table(['class', '', 'Dice', 'IoU', 'recall', 'true pixels'], [...rows, mean], {
        label: 'Scores of the classes',
      }),
  );
}

/** What pixels of each class were taken for. */
export function confusionSection({ best, classes }: RunRecord): string {
  if (!best?.confusion || best.confusion.length !== classes.length) return '';
  const matrix = ConfusionMatrix.of(best.confusion);
  const { body, ...size } = confusionSvg(matrix, classes, `share of the true pixels, epoch ${best.epoch}`);
  const mistakes = best.confusion
    .flatMap((row, truth) => {
      const all = row.reduce((sum, count) => sum + count, 0);
      return row.map((count, predicted) => ({ truth, predicted, count, share: count / Math.max(all, 1) }));
    })
    .filter(({ truth, predicted, count }) => truth !== predicted && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, 8);
  const nameOf = (index: number): Cell => classCell(classes[index]!);
  const worst = table(
    ['true', 'taken for', 'pixels', 'of its pixels'],
    mistakes.map(({ truth, predicted, count, share }) => [
      ...[nameOf(truth), nameOf(predicted), count.toLocaleString('en'), `${(100 * share).toFixed(1)} %`],
    ]),
    { label: 'The most frequent mistakes', caption: 'The most frequent mistakes' },
  );
  return section(
    'confusion',
    'Confusion',
    chart(body, size, 'Confusion matrix') + (mistakes.length > 0 ? worst : ''),
  );
}
