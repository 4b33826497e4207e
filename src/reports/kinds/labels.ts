/** @file `labels.png`: which classes the data sets show, and how large their images are. */

import { drawLabels } from '../../drawing/charts/labels.js';
import type { CreateReport } from '../report.js';

const FILE = 'labels.png';

export const entry: CreateReport = (run, { outputs, enqueue, isMissing }) => {
  if (!isMissing(FILE)) return {};
  enqueue(FILE, async () => {
    const subsets = [
      { name: 'train', dataset: run.trainSet },
      { name: 'validation', dataset: run.validationSet },
    ].flatMap(({ name, dataset }) => {
      const report = run.found.get(name);
      return report && dataset ? [{ name, report, sizes: dataset.samples }] : [];
    });
    if (subsets.length > 0) await outputs.write(FILE, await drawLabels(run.classes, subsets));
  });
  return {};
};
