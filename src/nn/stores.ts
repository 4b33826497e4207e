/** @file The variable stores: packs of a training step (collecting buffer updates) and constants of a fixed model. */
import { OtxError } from '../base/errors.js';
import { add, concat, constant, mul, reshape } from '../graph/builders.js';
import { type Shape, sameShape, sizeOf, type Tensor } from '../graph/tensor.js';
import type { NoiseSource } from './noise.js';
import type { BufferUpdate, NoiseSpec, VariableSpec, VariableStore } from './scope.js';

/** Many named float32 tensors in one flat vector; the engine's packs have this form. */
export interface VariablePack {
  readonly layout: {
    readonly name: string;
    readonly size: number;
    readonly entries: readonly {
      readonly key: string;
      readonly shape: Shape;
      readonly offset: number;
      readonly size: number;
    }[];
  };
  /** [size] */
  readonly flat: Tensor;
  get(key: string): Tensor;
}

/** Variables that live in packs, e.g. one of parameters and one of buffers. */
export class PackStore implements VariableStore {
  private readonly packOf = new Map<string, VariablePack>();
  private readonly updates = new Map<string, BufferUpdate>();

  /**
   * @param packs together they hold every variable of the model.
   * @param noisy what a training-mode pass draws its noise from; needed only by models that draw any.
   */
  constructor(
    packs: readonly VariablePack[],
    private readonly noisy?: NoiseSource,
  ) {
    for (const pack of packs) for (const { key } of pack.layout.entries) this.packOf.set(key, pack);
  }

  get(spec: VariableSpec): Tensor {
    const pack = this.packOf.get(spec.key);
    if (!pack) throw new OtxError('graph', `no pack holds the variable ${spec.key} [${spec.shape}]`);
    return checkShape(spec, pack.get(spec.key));
  }

  update(key: string, update: BufferUpdate): void {
    if (this.updates.has(key))
      throw new OtxError(
        'graph',
        `${key} is updated twice in one step; give each forward pass its own store`,
      );
    this.updates.set(key, update);
  }

  noise(spec: NoiseSpec, training: boolean): Tensor | undefined {
    if (!training) return undefined;
    if (!this.noisy)
      throw new OtxError(
        'graph',
        `${spec.key} draws random numbers in training; give the store a noise input, or \`noNoise\``,
      );
    return this.noisy.take(spec);
  }

  /**
   * The next value of `pack.flat` after the updates collected so far: keep ∘ flat + rate ∘ targets with constant
   * vectors, so that the statistics of a whole network cost three operators. Buffers without an update stay, and those that
   * `isMoved` says no to. Default: all move
   */
  applyBufferUpdates(pack: VariablePack, isMoved: (key: string) => boolean = () => true): Tensor {
    const { entries, size } = pack.layout;
    if (size === 0) return pack.flat;
    const keep = new Float32Array(size).fill(1);
    const rate = new Float32Array(size);
    const targets = entries.map(({ key, offset, size: length }) => {
      const update = isMoved(key) ? this.updates.get(key) : undefined;
      if (!update) return constant(new Float32Array(length), [length]);
      if (update.target.size !== length)
        throw new OtxError('graph', `${key}: an update of [${update.target.shape}] does not fill ${length}`);
      keep.fill(update.keep, offset, offset + length);
      rate.fill(update.rate, offset, offset + length);
      return reshape(update.target, [length]);
    });
    return add(mul(pack.flat, constant(keep, [size])), mul(concat(targets, 0), constant(rate, [size])));
  }
}

/** Variables with fixed values, for evaluation and export; compile-time folding then applies to them. */
export class ConstantStore implements VariableStore {
  private readonly constants = new Map<string, Tensor>();

  /** @param values row-major values by state-dict key */
  constructor(private readonly values: ReadonlyMap<string, Float32Array>) {}

  /** The same constant each time, so that passes at several sizes share their weights. */
  get(spec: VariableSpec): Tensor {
    const known = this.constants.get(spec.key) ?? this.constantOf(spec);
    this.constants.set(spec.key, known);
    return known;
  }

  private constantOf(spec: VariableSpec): Tensor {
    const data = this.values.get(spec.key);
    // Counters are bookkeeping that no output depends on; weight files may leave them out.
    if (!data && spec.stateType === 'int64')
      return constant(new Float32Array(sizeOf(spec.shape)), spec.shape);
    if (!data) throw new OtxError('checkpoint', `the weights have no ${spec.key} [${spec.shape}]`);
    if (data.length !== sizeOf(spec.shape))
      throw new OtxError(
        'checkpoint',
        `${spec.key} has ${data.length} values, the model expects [${spec.shape}]`,
      );
    return constant(data, spec.shape);
  }

  update(key: string): void {
    throw new OtxError('graph', `${key} is a constant here and cannot be updated; use evaluation mode`);
  }

  noise(): undefined {}
}

function checkShape(spec: VariableSpec, value: Tensor): Tensor {
  if (!sameShape(value.shape, spec.shape))
    throw new OtxError('graph', `${spec.key} is [${value.shape}], the model expects [${spec.shape}]`);
  return value;
}
