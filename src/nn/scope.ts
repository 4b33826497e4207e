/**
 * @file How model code obtains its variables: a scope hands them out by state-dict path and carries the training flag.
 * Models are plain functions of (scope, tensors); what stands behind the scope (a recorder, packs of a training step,
 * constants of an exported graph) is a {@link VariableStore}, so that one model definition serves all of them.
 */
import type { Random } from '../base/random.js';
import { inScope, type Shape, type Tensor } from '../graph/tensor.js';

/** Draws the initial value of a variable, row-major. */
export type Initializer = (shape: Shape, random: Random) => Float32Array;

/** A variable of a model. */
export interface VariableSpec {
  /** State-dict key, e.g. `backbone.stem.conv1.conv.weight`. */
  readonly key: string;
  /** Its dimensions. */
  readonly shape: Shape;
  /** Parameters are trained; buffers (running statistics, counters) are only updated by the forward pass. */
  readonly kind: 'parameter' | 'buffer';
  /** Draws its first value. */
  readonly init: Initializer;
  /** Element type in a state dict; inside a graph every variable is float32. */
  readonly stateType: 'float32' | 'int64';
  /** See {@link Scope.repeated}. */
  readonly repeats: number;
}

/** new = keep · old + rate · target */
export interface BufferUpdate {
  /** Same number of elements as the buffer. */
  readonly target: Tensor;
  /** Factor of the old value. */
  readonly keep: number;
  /** Factor of the target. */
  readonly rate: number;
}

/** Random numbers that a training-mode forward pass consumes. */
export interface NoiseSpec {
  /** Path of the module and name, unique in the model. */
  readonly key: string;
  /** How many numbers. */
  readonly shape: Shape;
}

/** Where the variables of a scope live. */
export interface VariableStore {
  /** The current value of a variable as a float32 tensor of the shape of `spec`. */
  get(spec: VariableSpec): Tensor;
  /** Notes that a training-mode forward pass wants to change a buffer. */
  update(key: string, update: BufferUpdate): void;
  /**
   * Independent uniform numbers of [0, 1), fresh at every run, of the shape of `spec`; undefined where the forward pass is
   * deterministic, as it always is in evaluation mode.
   */
  noise(spec: NoiseSpec, training: boolean): Tensor | undefined;
}

/** A position in the module tree; the only thing that model code knows of its variables. */
export class Scope {
  /**
   * @param training true: batch statistics and buffer updates; false: running statistics.
   * @param path position in the module tree, empty for the root.
   * @param repeats see {@link repeated}.
   */
  constructor(
    private readonly store: VariableStore,
    readonly training: boolean,
    readonly path = '',
    readonly repeats = 1,
  ) {}

  /** The scope of the submodule `name`. */
  child(name: string | number): Scope {
    return new Scope(this.store, this.training, this.keyOf(String(name)), this.repeats);
  }

  /**
   * This scope, for modules that the reference applies `times` times to the same input in one forward pass and that are
   * evaluated once here: running statistics move that often, and published multiply-accumulates count that often.
   */
  repeated(times: number): Scope {
    return new Scope(this.store, this.training, this.path, this.repeats * times);
  }

  /** This scope in evaluation mode, whatever it was: running statistics are used and stay, and nothing is drawn at random. */
  evaluating(): Scope {
    return new Scope(this.store, false, this.path, this.repeats);
  }

  /** A trained variable. */
  parameter(name: string, shape: Shape, init: Initializer): Tensor {
    return this.get(name, shape, 'parameter', init, 'float32');
  }

  /** A variable that the optimiser does not touch. */
  buffer(
    name: string,
    shape: Shape,
    init: Initializer,
    stateType: VariableSpec['stateType'] = 'float32',
  ): Tensor {
    return this.get(name, shape, 'buffer', init, stateType);
  }

  /** Notes a new value of a buffer, in a training-mode forward pass. */
  updateBuffer(name: string, update: BufferUpdate): void {
    this.store.update(this.keyOf(name), update);
  }

  /**
   * Uniform random numbers of [0, 1) for stochastic regularisation, which come into the graph from outside: a run is then
   * repeated exactly by repeating its inputs. Undefined in evaluation mode and where randomness is switched off.
   */
  noise(name: string, shape: Shape): Tensor | undefined {
    return this.store.noise({ key: this.keyOf(name), shape }, this.training);
  }

  /** Runs `body` so that the nodes it creates, and the errors it throws, carry the path of this scope. */
  trace<T>(body: () => T): T {
    return inScope(this.path, body);
  }

  private get(
    name: string,
    shape: Shape,
    kind: VariableSpec['kind'],
    init: Initializer,
    stateType: VariableSpec['stateType'],
  ): Tensor {
    return this.store.get({ key: this.keyOf(name), shape, kind, init, stateType, repeats: this.repeats });
  }

  private keyOf(name: string): string {
    return this.path ? `${this.path}.${name}` : name;
  }
}
