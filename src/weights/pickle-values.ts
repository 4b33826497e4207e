/** @file What a pickle can hold here: plain data, and a few kinds of inert objects that the reader itself defines. */

/** Plain data or an object of the host. Numbers that a double cannot hold exactly are bigint. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Tuple
  | PickleDict
  | Set<PickleValue>
  | Inert;

/** Python's dict and OrderedDict, in the order of insertion. */
export type PickleDict = Map<PickleValue, PickleValue>;

/** Python's tuple; lists are plain arrays. */
export class Tuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** An object that stands for a thing of Python's, without any of its behaviour. */
export abstract class Inert {
  protected abstract readonly kind: string;
}

/** A name that a pickle may call: what the call gives is decided here, nothing outside is run. */
export class Callable extends Inert {
  protected readonly kind = 'function';

  constructor(
    /** Dotted, as in messages. */
    readonly name: string,
    readonly build: (args: readonly PickleValue[]) => PickleValue,
  ) {
    super();
  }
}

/** An object that takes attributes from a pickle, with opcode BUILD. */
export abstract class Stateful extends Inert {
  /** @throws Unusable for attributes that it cannot have. */
  abstract setState(state: PickleValue): void;
}

/** Items of a list or tuple; undefined for anything else. */
export function itemsOf(value: PickleValue | undefined): readonly PickleValue[] | undefined {
  if (value instanceof Tuple) return value.items;
  return Array.isArray(value) ? value : undefined;
}

/** Number of direct parts of a value: what copying it costs. */
export function partsOf(value: PickleValue): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length >> 4;
  if (value instanceof Map || value instanceof Set) return value.size;
  return itemsOf(value)?.length ?? 0;
}
