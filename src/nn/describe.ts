/** @file What a model consists of, found by running its definition once on placeholders: variables, size and cost. */
import { OtxError } from '../base/errors.js';
import { input } from '../graph/builders.js';
import { reachableNodes, type Shape, sizeOf, type Tensor } from '../graph/tensor.js';
import { type NoiseSpec, Scope, type VariableSpec, type VariableStore } from './scope.js';

/** A model: a function of variables and a batch of images [N, 3, H, W]. */
export type ImageModel = (scope: Scope, images: Tensor) => Tensor;

export interface ModelDescription {
  /** In the order in which the model asks for them. */
  readonly variables: readonly VariableSpec[];
  /** What a training-mode pass on such an input draws at random, in the order in which the model asks for it. */
  readonly noise: readonly NoiseSpec[];
  /** Number of trained values. */
  readonly parameters: number;
  /**
   * Multiply-accumulates of the convolutions for the given input, counted as published figures are: a module that the
   * reference applies twice counts twice, although it is evaluated once here.
   */
  readonly macs: number;
  /** Shape of the output for the given input. */
  readonly outputShape: Shape;
}

/** Runs `model` symbolically in evaluation mode on images of `inputShape` [N, 3, H, W]. */
export function describe(model: ImageModel, inputShape: Shape): ModelDescription {
  const store = new RecordingStore();
  const output = model(new Scope(store, false), input('images', 'float32', inputShape));
  const variables = store.specs();
  const parameters = variables
    .filter(({ kind }) => kind === 'parameter')
    .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return {
    variables,
    noise: store.noises(),
    parameters,
    macs: convolutionMacs(output, variables),
    outputShape: output.shape,
  };
}

/** Hands out placeholders and remembers what was asked for. */
class RecordingStore implements VariableStore {
  private readonly recorded = new Map<string, VariableSpec>();
  private readonly drawn = new Map<string, NoiseSpec>();

  get(spec: VariableSpec): Tensor {
    if (this.recorded.has(spec.key))
      throw new OtxError('graph', `two modules of the model use the same variable ${spec.key}`);
    this.recorded.set(spec.key, spec);
    return input(spec.key, 'float32', spec.shape);
  }

  update(key: string): void {
    throw new OtxError('graph', `${key} is updated in evaluation mode`);
  }

  noise(spec: NoiseSpec): undefined {
    if (this.drawn.has(spec.key))
      throw new OtxError('graph', `two modules of the model draw the same noise ${spec.key}`);
    this.drawn.set(spec.key, spec);
  }

  noises(): NoiseSpec[] {
    return [...this.drawn.values()];
  }

  specs(): VariableSpec[] {
    return [...this.recorded.values()];
  }
}

function convolutionMacs(output: Tensor, variables: readonly VariableSpec[]): number {
  const repeats = new Map(variables.map((spec) => [spec.key, spec.repeats]));
  return reachableNodes([output])
    .filter((node) => node.op === 'conv')
    .map((node) => {
      const perOutput = sizeOf(node.inputs[1]!.shape.slice(1));
      return node.outputs[0]!.size * perOutput * repeats.get(`${node.scope}.weight`)!;
    })
    .reduce((sum, macs) => sum + macs, 0);
}
