/** @file What a method shows of itself, drawn when it says so. */

import type { MethodPicture } from '../../methods/pictures.js';
import type { CreateReport } from '../report.js';

export const entry: CreateReport = ({ start, pictures }, { enqueue, isMissing, show }) => {
  const { epochs, stepsPerEpoch } = start;
  const source = pictures?.({ epochs, stepsPerEpoch, isMissing });
  const draw = (wanted: readonly MethodPicture[], step: number) => {
    for (const { file, name, draw } of wanted) {
      enqueue(file, async () => show({ name, step, file }, await draw()));
    }
  };
  draw(source?.atStart?.() ?? [], 0);
  return {
    onStep: (step) => draw(source?.ofStep?.(step) ?? [], (step.epoch - 1) * stepsPerEpoch + step.step),
  };
};
