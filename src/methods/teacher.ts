/** @file A teacher, the moving average of the student: its packs, how it follows, and what it shows of itself. */

import { type ClassInfo, type Dataset, labeledBytes, type PairedBatch } from '../data/index.js';
import { drawTeacherSheet } from '../drawing/sheets/teacher-sheet.js';
import { averageFollowers, averageLayouts, averagePacks, averagePrefix } from './average.js';
import type { Follower } from './learning.js';
import type { StatePack } from './method.js';
import type { ModelLayouts } from './model-state.js';
import { isPictureDue, type MethodPictures, PICTURE_FOLDERS, type ShownRun } from './pictures.js';

const TEACHER = 'teacher';

/** The teacher's packs: those of the student under other names. */
export const teacherLayouts = (layouts: ModelLayouts): ModelLayouts => averageLayouts(layouts, TEACHER);

/** Begins the names in a checkpoint of the teacher's tensors. */
export const TEACHER_PREFIX = averagePrefix(TEACHER);

/** Steps of an epoch as the reference counts them: with the last, partial batch, although it leaves it out. */
export const countedSteps = (images: number, batchSize: number, parts = 1): number =>
  Math.ceil(images / (batchSize * parts));

/** The teacher as state of a method; it starts as a copy of the student. */
export const teacherPacks = (layouts: ModelLayouts): StatePack[] => averagePacks(layouts, TEACHER);

/** How the teacher's packs move towards the student's, by name. Scalar: `teacherKeep`, see `averageKeep`. */
export const teacherFollowers = (layouts: ModelLayouts): Readonly<Record<string, Follower>> =>
  averageFollowers(layouts, TEACHER, 'teacherKeep');

/** What the labeled images leave of the memory for decoded ones, in bytes. */
export function cacheLeft({ samples }: Dataset, bytes: number): number {
  const labeled = samples.reduce((sum, sample) => sum + labeledBytes(sample), 0);
  return Math.max(bytes - labeled, 0);
}

/** `teacher/epoch_NNN.jpg`: what teacher and student say about unlabeled images at the end of every few epochs. */
export function teacherPictures(
  classes: readonly ClassInfo[],
  { epochs, stepsPerEpoch, isMissing }: ShownRun,
): MethodPictures {
  const [folder] = PICTURE_FOLDERS;
  // The first is shown whatever the epoch: it is not the first one, and a training may end long before its last.
  let isAnyShown = !isMissing(folder);
  return {
    ofStep: ({ epoch, step, batch, outputs }) => {
      const isDue = step === stepsPerEpoch && (!isAnyShown || isPictureDue(epoch, epochs));
      if (batch.step !== 'semi' || !isDue) return [];
      isAnyShown = true;
      const { pseudoLabels, predictions } = outputs as Record<'pseudoLabels' | 'predictions', Uint8Array>;
      return [
        {
          file: `${folder}/epoch_${String(epoch).padStart(3, '0')}.jpg`,
          name: 'teacher',
          draw: () => drawTeacherSheet(batch as PairedBatch, { pseudoLabels, predictions }, classes),
        },
      ];
    },
  };
}
