/** @file The weights in training: the engine with the compiled steps of a method and the state they work on. */

import { OtxError } from '../base/errors.js';
import { Random } from '../base/random.js';
import type { TrainBatch } from '../data/index.js';
import { createEngine } from '../engine/engine.js';
import type { PackLayout } from '../engine/step.js';
import type { TensorData } from '../graph/index.js';
import { modelLayouts } from '../methods/model-state.js';
import { evaluationStep, momentLayouts, supervisedTrainStep } from '../methods/supervised.js';
import type { Segmentor } from '../models/index.js';
import { drawNoise, type VariableSpec } from '../nn/index.js';
import { type OptimizerName, optimizerScalars } from '../optim/index.js';
import type { SafeTensor } from '../weights/safetensors.js';
import { OPTIMIZER_PREFIX } from './checkpoint.js';
import { packState, packTensors, type StateDict } from './state-dict.js';
import type { Segment } from './validate.js';

export interface SessionOptions {
  readonly model: Segmentor;
  readonly variables: readonly VariableSpec[];
  /** Weights to start from. */
  readonly state: StateDict;
  /** Moments of the optimiser to go on with, as {@link TrainingSession.tensors} gives them. Default: none, all zero. */
  readonly optimizer?: ReadonlyMap<string, SafeTensor> | undefined;
  readonly batchSize: number;
  readonly optimizerName: OptimizerName;
  /** Of drop-path and dropout, for models that have them. */
  readonly seed: number;
  /** Sides of the square network inputs. */
  readonly sizes: { readonly train: number; readonly validation: number };
  readonly threads?: number | undefined;
}

/** What the training loop needs of the engine. */
export interface TrainingSession {
  /**
   * One optimiser step. A loss or gradient that is not finite leaves everything as it was.
   *
   * @param update number of this update, from 1; an undone step does not count.
   */
  step(
    batch: TrainBatch,
    learningRate: number,
    update: number,
  ): Promise<{ loss: number; committed: boolean }>;
  /** The current weights applied to one image of the validation size. */
  readonly segment: Segment;
  /** The current weights by state-dict key, with the moments of the optimiser if wanted. */
  tensors(options: { optimizer: boolean }): Promise<Map<string, SafeTensor>>;
  dispose(): Promise<void>;
}

/** Compiles the steps and puts the start weights into the engine. */
export async function createTrainingSession(options: SessionOptions): Promise<TrainingSession> {
  const { model, variables, state, optimizer, optimizerName, batchSize, seed, sizes, threads } = options;
  const layouts = modelLayouts(variables);
  const moments = momentLayouts(layouts);
  const engine = await createEngine({ threads });
  try {
    const trainStep = supervisedTrainStep(model, layouts, {
      batchSize,
      size: sizes.train,
      optimizer: optimizerName,
    });
    const noiseSize = trainStep.inputs.noise?.size;
    const training = await engine.compile(trainStep, { name: 'train' });
    const evaluation = await engine.compile(evaluationStep(model, layouts, sizes.validation), {
      name: 'validation',
    });
    for (const layout of [layouts.parameters, layouts.buffers]) {
      await engine.setState(layout.name, packState(layout, state));
    }
    for (const layout of [moments.first, moments.second]) {
      const values = optimizer
        ? packState(layout, momentsOf(layout, optimizer))
        : new Float32Array(layout.size);
      await engine.setState(layout.name, values);
    }

    return {
      step: async ({ images, labels }, learningRate, update) => {
        const scalars = optimizerScalars(optimizerName, learningRate, update);
        const inputs: Record<string, TensorData> = { images, labels };
        if (noiseSize !== undefined) {
          // Drawn anew from the number of the update, so that there is no state to save.
          inputs.noise = drawNoise(noiseSize, new Random(`${seed}:${update}:noise`));
        }
        const { outputs, committed } = await training.run(inputs, scalars);
        return { loss: Number(outputs.loss![0]), committed };
      },
      segment: async (image) => (await evaluation.run({ images: image })).outputs.logits as Float32Array,
      tensors: async ({ optimizer }) => {
        const result = new Map<string, SafeTensor>();
        const add = async (layout: PackLayout, prefix = '') => {
          const flat = await engine.getState(layout.name);
          for (const [key, tensor] of packTensors(layout, flat, variables, prefix)) result.set(key, tensor);
        };
        await add(layouts.parameters);
        await add(layouts.buffers);
        if (optimizer) {
          for (const layout of [moments.first, moments.second]) {
            await add(layout, momentPrefix(layout));
          }
        }
        return result;
      },
      dispose: () => engine.dispose(),
    };
  } catch (error) {
    await engine.dispose();
    throw error;
  }
}

const momentPrefix = ({ name }: PackLayout): string => `${OPTIMIZER_PREFIX}${name}.`;

/** One moment by state-dict key. */
function momentsOf(layout: PackLayout, tensors: ReadonlyMap<string, SafeTensor>): StateDict {
  return new Map(
    layout.entries.map(({ key, size }) => {
      const tensor = tensors.get(momentPrefix(layout) + key);
      if (tensor?.dtype !== 'F32' || tensor.data.length !== size) {
        throw new OtxError('checkpoint', `the checkpoint has no usable ${momentPrefix(layout)}${key}`);
      }
      return [key, tensor.data];
    }),
  );
}
