/** @file The teacher of a semi-supervised training as its newest checkpoint has it: what it says of images now, and what its student does. */

import { OtxError } from '../base/errors.js';
import type { ClassInfo } from '../data/index.js';
import { normalizeImage } from '../data/transforms/normalize.js';
import { createEngine } from '../engine/engine.js';
import { dropShare } from '../losses/index.js';
import { type ModelLayouts, modelLayouts, packState } from '../methods/model-state.js';
import { countedSteps, TEACHER_PREFIX, teacherLayouts } from '../methods/teacher.js';
import { type TeacherFilter, teacherViewStep } from '../methods/teacher-view.js';
import { confidenceLayout, confidenceName } from '../methods/unimatch.js';
import { createSegmentor, describe, OWN_MODEL } from '../models/index.js';
import { type Checkpoint, loadCheckpoint, type ResumeInfo } from '../runs/checkpoint.js';
import { type StateDict, stateFromCheckpoint } from '../runs/state-dict.js';
import { completeHyperParameters, type HyperParameters, inputSizes } from '../settings/index.js';

/** By what the teacher's labels are filtered at this point of the training. */
export type FilterNow =
  /** @param drop share of the pixels of a batch that are dropped, those of the highest entropy. */
  | { readonly kind: 'entropy'; readonly drop: number }
  /** @param threshold probability from which on a label counts; lower for classes that the teacher is less sure of, where it is balanced. */
  | { readonly kind: 'confidence'; readonly threshold: number; readonly isBalanced: boolean };

/** What teacher and student say of some images; maps are [N, S, S]. */
export interface TeacherLook {
  /** The teacher's likeliest class. */
  readonly teacher: Uint8Array;
  /** The same; 255 where the filter drops it. */
  readonly pseudoLabels: Uint8Array;
  /** The student's likeliest class. */
  readonly student: Uint8Array;
  /** How unsure the teacher is, 0 to 1: the entropy as a share of the largest there is, or what the probability lacks to 1. */
  readonly doubt: Float32Array;
  /** By class, or one for all: entropy in nats from which on a pixel is dropped, or probability from which on it is kept. */
  readonly limits: Float32Array;
}

/** A teacher that can be asked. Holds a thread until it is let go. */
export interface OpenedTeacher {
  /** Background first. */
  readonly classes: readonly ClassInfo[];
  /** Side of the square images that it looks at, that of training. */
  readonly side: number;
  /** Images that are looked at together, as many as in a training step. */
  readonly count: number;
  /** By what its labels are filtered now. */
  readonly filter: FilterNow;
  /** Epochs of the training that were finished when the checkpoint was written. */
  readonly epoch: number;
  /** Steps of the optimiser by then. */
  readonly updates: number;
  /** Epochs that learn from labels alone before the teacher is listened to. */
  readonly startEpoch: number;
  /** Asks it. @param pictures as many as {@link count}, RGB [S, S, 3] */
  look(pictures: readonly Uint8Array[]): Promise<TeacherLook>;
  /** Lets go of it. */
  dispose(): Promise<void>;
}

/**
 * Opens the teacher in a checkpoint of a semi-supervised training (`models/last.safetensors`). One whose labels are filtered by entropy
 * holds the pixels of all images of a step against each other, so that it is asked of as many at a time.
 *
 * @param options `images`, how many there are without labels; `threads` that compute, default all that the process may use.
 * @throws OtxError `checkpoint` for one that has no teacher.
 */
export async function openTeacher(
  file: string,
  { images, threads }: { readonly images: number; readonly threads?: number | undefined },
): Promise<OpenedTeacher> {
  const checkpoint = await loadCheckpoint(file);
  const { classes, template, resume } = checkpoint.info;
  const settings = completeHyperParameters(checkpoint.info.hyperParameters);
  const { learning_parameters: learning } = settings;
  if (!resume || ![...checkpoint.tensors.keys()].some((name) => name.startsWith(TEACHER_PREFIX))) {
    throw new OtxError(
      'checkpoint',
      `${file}: holds no teacher; it is of a training that is not semi-supervised`,
    );
  }
  if (template.model === OWN_MODEL) {
    throw new OtxError(
      'checkpoint',
      `${file}: was trained with a network of a program's own, which is not known here`,
    );
  }
  const side = inputSizes(settings).train;
  const count = Math.min(learning.unlabeled_batch_size, images);
  const model = createSegmentor(template.model, { numClasses: classes.length });
  const { variables } = describe(model, [1, 3, side, side]);
  const layouts = modelLayouts(variables);
  const isUniMatch = learning.semi_method === 'unimatch';
  const balance = isUniMatch && learning.balanced_thresholds ? confidenceLayout(classes.length) : undefined;
  const filter: TeacherFilter = isUniMatch ? { kind: 'confidence', balance } : { kind: 'entropy' };
  const engine = await createEngine({ threads });
  try {
    const stateOf = (prefix: string): StateDict =>
      stateFromCheckpoint(withoutPrefix(checkpoint, prefix), file, variables, classes, new Map()).state;
    const step = await engine.compile(teacherViewStep(model, layouts, { count, size: side, filter }));
    await setState(engine, layouts, stateOf(''));
    await setState(engine, teacherLayouts(layouts), stateOf(TEACHER_PREFIX));
    for (const { key } of balance?.entries ?? []) {
      const known = checkpoint.tensors.get(confidenceName(key))?.data;
      await engine.setState(
        balance!.name,
        Float32Array.from(known ?? new Float32Array(classes.length), Number),
      );
    }
    const now = filterNow(settings, resume);
    const scalars: Record<string, number> =
      now.kind === 'entropy' ? { dropShare: now.drop } : { threshold: now.threshold };
    const size = { width: side, height: side };
    const padding = new Uint8Array(count * side * side);
    return {
      ...{ classes, side, count, filter: now, ...standOf(resume), startEpoch: learning.semisl_start_epoch },
      look: async (pictures) => {
        const weak = new Float32Array(count * 3 * side * side);
        for (const [at, picture] of pictures.entries())
          weak.set(normalizeImage(picture, size), at * 3 * side * side);
        const { outputs } = await step.run({ weak, padding }, scalars);
        const { limit: limits, ...maps } = outputs as unknown as Outputs;
        return { ...maps, limits };
      },
      dispose: () => engine.dispose(),
    };
  } catch (error) {
    await engine.dispose();
    throw error;
  }
}

const standOf = ({ state: { epoch, updates } }: ResumeInfo) => ({ epoch, updates });

/** Of {@link teacherViewStep}. */
type Outputs = Omit<TeacherLook, 'limits'> & { readonly limit: Float32Array };

type Setting = Pick<Awaited<ReturnType<typeof createEngine>>, 'setState'>;

async function setState(
  engine: Setting,
  { parameters, buffers }: ModelLayouts,
  state: StateDict,
): Promise<void> {
  for (const layout of [parameters, buffers]) await engine.setState(layout.name, packState(layout, state));
}

/** The tensors whose names begin with the prefix, under the rest of their names. */
function withoutPrefix({ info, tensors }: Checkpoint, prefix: string): Checkpoint {
  const named = [...tensors].flatMap(([name, tensor]) =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), tensor] as const] : [],
  );
  return { info, tensors: new Map(named) };
}

/** As the next step of the training would have it. */
function filterNow(
  { learning_parameters: learning }: HyperParameters,
  { config, data, state }: ResumeInfo,
): FilterNow {
  if (learning.semi_method === 'unimatch') {
    const { pseudo_label_threshold: threshold, balanced_thresholds: isBalanced } = learning;
    return { kind: 'confidence', threshold, isBalanced };
  }
  const batchSize = config.adapted_batch_size ?? learning.batch_size;
  const steps = countedSteps(data.train.samples, batchSize, learning.accumulate);
  return { kind: 'entropy', drop: dropShare(state.updates + 1, steps) };
}
