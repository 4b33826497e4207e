/**
 * @file `results.png` with the curves of all epochs, and of the best epoch `confusion_matrix.png` and `val_batch_0..1.png`.
 * Charts are redrawn after an epoch when at least 5 seconds and 20 times the time of drawing have passed, and at the end.
 */

import { readTextOf } from '../../base/read-file.js';
import { drawConfusion } from '../../drawing/charts/confusion.js';
import { drawResults } from '../../drawing/charts/results.js';
import { parseResults } from '../../drawing/charts/results-table.js';
import { encodePng } from '../../drawing/overlay.js';
import { drawPredictions, reducePrediction, type SegmentedPicture } from '../../drawing/sheets/sheets.js';
import { evenlySpaced, isPictureDue } from '../../methods/pictures.js';
import type { EpochEvent } from '../../runs/events.js';
import { HISTORY_KIND, RESULTS_FILE } from '../../runs/history.js';
import { ConfusionMatrix } from '../../runs/metrics.js';
import type { CreateReport, ReportDesk, ReportedRun } from '../report.js';
import { seldom } from '../seldom.js';

/** Validation images that are shown, always the same ones, and how many on a sheet. */
const SHOWN_IMAGES = 8;
const IMAGES_PER_SHEET = 4;

/** One validated epoch. */
interface Validated {
  /** Of the last step, counted through all epochs. */
  readonly step: number;
  readonly event: EpochEvent;
  readonly pictures: readonly SegmentedPicture[];
}

export const entry: CreateReport = (run, desk) => {
  const { validationSet } = run;
  const shown = new Set(evenlySpaced(validationSet?.samples ?? [], SHOWN_IMAGES).map(({ id }) => id));
  /** By average of the weights, undefined for the trained ones, and by image. */
  const pictures = new Map<string | undefined, Map<string, SegmentedPicture>>();
  let lastStep = run.resumedStep ?? 0;
  let latest: Validated | undefined;
  let best: Validated | undefined;

  const charts = seldom(() => {
    const wanted = { best, latest };
    best = undefined;
    latest = undefined;
    return drawCharts(run, desk, wanted);
  }, desk.clock);

  return {
    onPrediction: (_, image, average) => {
      if (!shown.has(image.sample.id)) return;
      const ofWeights = pictures.get(average) ?? new Map<string, SegmentedPicture>();
      pictures.set(average, ofWeights.set(image.sample.id, reducePrediction(image)));
    },
    onEvent: (event) => {
      if (event.type === 'step') lastStep = (event.epoch - 1) * event.stepsPerEpoch + event.step;
      if (event.type !== 'epoch') return;
      if (event.metrics) {
        const ofWeights = pictures.get(event.average)?.values() ?? [];
        const validated = { step: lastStep, event, pictures: [...ofWeights] };
        if (event.best) best = validated;
        if (isPictureDue(event.epoch, event.epochs)) latest = validated;
      }
      pictures.clear();
      charts.request();
    },
    finish: () => charts.flush(),
  };
};

/** Draws what there is to draw. Ends with the last of it. */
function drawCharts(
  { classes }: ReportedRun,
  { outputs, enqueue, show }: ReportDesk,
  { best, latest }: { readonly best: Validated | undefined; readonly latest: Validated | undefined },
): Promise<void> {
  enqueue('results.png', async () => {
    const table = parseResults(await readTextOf(outputs.path(RESULTS_FILE), HISTORY_KIND));
    if (table.epochs.length > 0) await outputs.write('results.png', await drawResults(table, classes));
  });
  if (best?.event.confusion && best.event.metrics) {
    const { confusion, epoch, metrics } = best.event;
    const caption = `share of the true pixels, best epoch ${epoch}, mDice ${metrics.mDice.toFixed(4)}`;
    enqueue('confusion_matrix.png', async () =>
      outputs.write(
        'confusion_matrix.png',
        await drawConfusion(ConfusionMatrix.of(confusion), classes, caption),
      ),
    );
  }
  for (let sheet = 0; best && sheet * IMAGES_PER_SHEET < best.pictures.length; sheet++) {
    const name = `val_batch_${sheet}.png`;
    const rows = best.pictures.slice(sheet * IMAGES_PER_SHEET, (sheet + 1) * IMAGES_PER_SHEET);
    enqueue(name, async () => outputs.write(name, await encodePng(await drawPredictions(rows, classes))));
  }
  return enqueue('the sheet of validation images', async () => {
    if (!latest || latest.pictures.length === 0) return;
    const sheet = await drawPredictions(latest.pictures.slice(0, IMAGES_PER_SHEET), classes);
    await show({ name: 'validation', step: latest.step }, sheet);
  });
}
