/**
 * @file A step: a pure function from inputs, scalars and the current state to outputs and the next state, as a graph.
 * State is held in a few *packs*, flat vectors of many named float32 tensors, because binding hundreds of small tensors
 * to a session costs as much as computing on them.
 */
import { OtxError } from '../base/errors.js';
import { input, reshape, split } from '../graph/builders.js';
import { type DType, formatType, type Shape, sizeOf, type Tensor } from '../graph/tensor.js';
import type { Precision } from './settings.js';

/** Place of one tensor in a pack. */
export interface PackEntry {
  /** Unique within the pack. */
  readonly key: string;
  /** Under which {@link Pack.get} gives it. */
  readonly shape: Shape;
  /** Where it begins in the vector, in elements. */
  readonly offset: number;
  /** Its length in the vector, in elements. */
  readonly size: number;
}

/** Many named float32 tensors in one flat vector, in order and without gaps. */
export interface PackLayout {
  /** By which the engine keeps the vector. */
  readonly name: string;
  /** In the order of the vector. */
  readonly entries: readonly PackEntry[];
  /** Length of the vector, in elements. */
  readonly size: number;
}

/** A pack inside a graph. */
export interface Pack {
  /** Which tensor is where. */
  readonly layout: PackLayout;
  /** float32 [size] */
  readonly flat: Tensor;
  /** The tensor of one entry, under its own shape. @throws OtxError `graph` for an unknown key. */
  get(key: string): Tensor;
}

/** A pack as a step reads and writes it. */
export interface StepPack {
  /** Which tensor is where. */
  readonly layout: PackLayout;
  /** Value before the step; float32 [size]. */
  readonly current: Tensor;
  /** Value after the step, float32 [size]; absent when the step only reads the pack. */
  readonly next?: Tensor;
}

/** A step that is complete, as {@link StepBuilder.build} gives it. */
export interface StepGraph {
  /** Input tensors by name. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Float32 inputs of shape [] by name: numbers that change from run to run, such as a learning rate. */
  readonly scalars: Readonly<Record<string, Tensor>>;
  /** State that the step reads and may replace. */
  readonly packs: readonly StepPack[];
  /** What a run returns, by name. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Name of the output (float32, one value) that must be finite for the next state to replace the current one. */
  readonly commitIfFinite?: string;
  /** In what numbers it is computed where engines can. Default float32. */
  readonly precision?: Precision;
}

/** Lays tensors out one after the other. @throws OtxError `graph` when a key repeats. */
export function layoutOf(
  name: string,
  specs: readonly { readonly key: string; readonly shape: Shape }[],
): PackLayout {
  const seen = new Set<string>();
  let offset = 0;
  const entries = specs.map(({ key, shape }) => {
    if (seen.has(key)) throw new OtxError('graph', `pack "${name}" has two entries named "${key}"`);
    seen.add(key);
    const entry = { key, shape, offset, size: sizeOf(shape) };
    offset += entry.size;
    return entry;
  });
  return { name, entries, size: offset };
}

/** A vector read as a pack of that layout, e.g. the value that a pack has after the step. @param flat float32 [size] */
export function packOf(layout: PackLayout, flat: Tensor): Pack {
  const index = new Map(layout.entries.map((entry, i) => [entry.key, i]));
  const parts =
    layout.entries.length > 0
      ? split(
          flat,
          layout.entries.map(({ size }) => size),
          0,
        )
      : [];
  return {
    layout,
    flat,
    get: (key) => {
      const i = index.get(key);
      if (i === undefined) throw new OtxError('graph', `pack "${layout.name}" has no entry named "${key}"`);
      return reshape(parts[i]!, layout.entries[i]!.shape);
    },
  };
}

/** Collects the parts of a step while its graph is being built. */
export class StepBuilder {
  private readonly inputs: Record<string, Tensor> = {};
  private readonly scalars: Record<string, Tensor> = {};
  private readonly packs = new Map<string, { layout: PackLayout; current: Tensor; next?: Tensor }>();
  private readonly outputs: Record<string, Tensor> = {};
  private readonly taken = new Set<string>();
  private guard: string | undefined;
  private numbers: Precision = 'float32';

  /** A tensor that is handed over at every run. @throws OtxError `graph` when the name is taken. */
  input(name: string, dtype: DType, shape: Shape): Tensor {
    this.claim(name);
    const tensor = input(name, dtype, shape);
    this.inputs[name] = tensor;
    return tensor;
  }

  /** A float32 number that is handed over at every run, of shape []. @throws OtxError `graph` when the name is taken. */
  scalar(name: string): Tensor {
    this.claim(name);
    const tensor = input(name, 'float32', []);
    this.scalars[name] = tensor;
    return tensor;
  }

  /** State that the engine keeps between runs under `layout.name`. An empty layout is allowed. @throws OtxError `graph` when the name is taken. */
  pack(layout: PackLayout): Pack {
    this.claim(packInputName(layout.name));
    const flat = input(packInputName(layout.name), 'float32', [layout.size]);
    this.packs.set(layout.name, { layout, current: flat });
    return packOf(layout, flat);
  }

  /** A pack of this step as it is so far; undefined when there is none of that name. */
  state(packName: string): StepPack | undefined {
    return this.packs.get(packName);
  }

  /**
   * Sets the value that a pack has after the step.
   * @param next float32 [size]
   * @throws OtxError `graph` for an unknown pack, a second update, or another type.
   */
  update(packName: string, next: Tensor): void {
    const pack = this.packs.get(packName);
    if (!pack) throw new OtxError('graph', `update of "${packName}", which is not a pack of this step`);
    if (pack.next) throw new OtxError('graph', `pack "${packName}" is updated twice in one step`);
    if (next.dtype !== 'float32' || next.rank !== 1 || next.size !== pack.layout.size)
      throw new OtxError(
        'graph',
        `update of pack "${packName}" is ${formatType(next)}, expected float32[${pack.layout.size}]`,
      );
    pack.next = next;
  }

  /** Returns `tensor` from every run as `name`. @throws OtxError `graph` when the name is taken, or begins with `next:` or `finite:`. */
  output(name: string, tensor: Tensor): void {
    if (name in this.outputs) throw new OtxError('graph', `two outputs are named "${name}"`);
    const reserved = [NEXT, FINITE].find((beginning) => name.startsWith(beginning));
    if (reserved !== undefined) {
      throw new OtxError(
        'graph',
        `an output is named "${name}"; what begins with "${reserved}" is for packs`,
      );
    }
    this.outputs[name] = tensor;
  }

  /** Keeps the old state when the output `name` (one float32 value, such as the loss) is not finite. */
  commitIfFinite(name: string): void {
    this.guard = name;
  }

  /** Computes the step in these numbers, where the engine can; see {@link StepGraph.precision}. */
  computeIn(precision: Precision): void {
    this.numbers = precision;
  }

  /** The complete step. @throws OtxError `graph` when the guard is not an output of one float32 value. */
  build(): StepGraph {
    if (this.guard !== undefined) {
      const tensor = this.outputs[this.guard];
      if (tensor?.dtype !== 'float32' || tensor.size !== 1)
        throw new OtxError(
          'graph',
          `commitIfFinite needs an output of one float32 value, "${this.guard}" is ${tensor ? formatType(tensor) : 'none'}`,
        );
    }
    return {
      inputs: this.inputs,
      scalars: this.scalars,
      packs: [...this.packs.values()],
      outputs: this.outputs,
      ...(this.guard === undefined ? {} : { commitIfFinite: this.guard }),
      ...(this.numbers === 'float32' ? {} : { precision: this.numbers }),
    };
  }

  private claim(name: string): void {
    if (this.taken.has(name)) throw new OtxError('graph', `two inputs of the step are named "${name}"`);
    this.taken.add(name);
  }
}

/** Name under which the model file of a step takes a pack. */
export const packInputName = (pack: string): string => `state:${pack}`;
/** Name under which the model file of a step returns a pack. */
export const packOutputName = (pack: string): string => NEXT + pack;
/** Name under which the model file of a step for a device returns a number that is finite if the pack after the step is. */
export const finiteOutputName = (pack: string): string => FINITE + pack;
const NEXT = 'next:';
const FINITE = 'finite:';

/**
 * Values of the largest packs that are looked at before a step is accepted. Statistics are the small packs. Batch norm divides what
 * is too large to be squared by infinity, so that loss and gradients stay finite while the running variance does not; parameters and
 * moments follow from finite gradients.
 */
export const MOST_LOOKED_AT = 2 ** 18;
