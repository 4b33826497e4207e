/** @file Event files for TensorBoard: scalars of steps and epochs, and every picture that is drawn. */

import type { EpochEvent, StepEvent } from '../../runs/events.js';
import type { CreateReport } from '../report.js';
import { createEventFile, truncateEvents } from '../tensorboard/event-file.js';

export const entry: CreateReport = ({ start, classes, resumedStep }, desk) => {
  const { stepsPerEpoch } = start;
  const file = createEventFile(desk.outputs, resumedStep);
  if (resumedStep !== undefined) {
    desk.enqueue('the earlier TensorBoard file', () => truncateEvents(desk.outputs, resumedStep));
  }
  let lastStep = resumedStep ?? 0;
  // Not behind the drawing: a checkpoint is newer than the events of its steps, which a kill must not lose.
  const flush = () => desk.attempt('the TensorBoard file', () => file.flush());
  const tagged = (group: string, values: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [`${group}/${name}`, value]));
  const perClass = (values: readonly number[]) =>
    Object.fromEntries(values.map((value, index) => [classes[index]?.name ?? index, value]));

  const onStep = ({ epoch, step, loss, figures, learningRate }: StepEvent) => {
    lastStep = (epoch - 1) * stepsPerEpoch + step;
    file.scalars(lastStep, tagged('train', { loss, learning_rate: learningRate, ...figures }));
  };

  const onEpoch = ({ loss, figures, imagesPerSecond, seconds, metrics }: EpochEvent) => {
    file.scalars(lastStep, {
      'train/epoch_loss': loss,
      ...tagged('epoch', figures),
      'speed/images_per_second': imagesPerSecond,
      'speed/train_seconds': seconds.train,
      'speed/waiting_seconds': seconds.waiting,
      'speed/validation_seconds': seconds.validation,
    });
    if (!metrics) return;
    const { mDice, mIoU, mAcc, aAcc } = metrics;
    file.scalars(lastStep, {
      ...tagged('validation', { mDice, mIoU, mAcc, aAcc }),
      ...tagged('Dice', perClass(metrics.perClass.map(({ dice }) => dice))),
      ...tagged('IoU', perClass(metrics.perClass.map(({ iou }) => iou))),
    });
  };

  return {
    onEvent: (event) => {
      if (event.type === 'step') onStep(event);
      else if (event.type === 'epoch') onEpoch(event);
      else return;
      flush();
    },
    onPicture: ({ name, step, ...image }) => file.image(step, name, image),
    finish: () => {
      desk.enqueue('the TensorBoard file', () => file.flush());
    },
  };
};
