/**
 * @file Single numbers of numpy: training frameworks store a best score or a learning rate as one. Each becomes a plain
 * number. Arrays, objects and all other types of numpy stay refused, since weights never need them.
 */

import { compact } from './pickle-machine.js';
import { Callable, type PickleValue, Stateful, Tuple } from './pickle-values.js';
import { quoted, unusable } from './unusable.js';

interface NumberFormat {
  readonly bytes: number;
  /** What numpy writes for it: `<` is little-endian, `|` has no order. */
  readonly order: '<' | '|';
  readonly read: (bytes: Buffer) => PickleValue;
}

const formats: ReadonlyMap<string, NumberFormat> = new Map<string, NumberFormat>([
  ['f4', { bytes: 4, order: '<', read: (bytes) => bytes.readFloatLE() }],
  ['f8', { bytes: 8, order: '<', read: (bytes) => bytes.readDoubleLE() }],
  ['i4', { bytes: 4, order: '<', read: (bytes) => bytes.readInt32LE() }],
  ['i8', { bytes: 8, order: '<', read: (bytes) => compact(bytes.readBigInt64LE()) }],
  ['b1', { bytes: 1, order: '|', read: (bytes) => bytes[0] !== 0 }],
]);

/** `numpy.dtype('f8')`, of use once its byte order has been set. */
class NumberType extends Stateful {
  protected readonly kind = 'numpy type';
  private isComplete = false;

  constructor(
    private readonly name: string,
    private readonly format: NumberFormat,
  ) {
    super();
  }

  /** `(3, order, None, None, None, -1, -1, 0)`: neither fields nor a shape. */
  setState(state: PickleValue): void {
    const [version, order, ...rest] = state instanceof Tuple ? state.items : [];
    const isPlain = rest.length === PLAIN.length && rest.every((value, i) => value === PLAIN[i]);
    if (version !== 3 || order !== this.format.order || !isPlain) {
      unusable(`a number of numpy of type ${quoted(this.name)} that is not little-endian and plain`);
    }
    this.isComplete = true;
  }

  numberOf(bytes: PickleValue | undefined): PickleValue {
    if (!this.isComplete || !(bytes instanceof Uint8Array) || bytes.length !== this.format.bytes) {
      return unusable(
        `a number of numpy of type ${quoted(this.name)} without its ${this.format.bytes} bytes`,
      );
    }
    return this.format.read(Buffer.from(bytes));
  }
}

const PLAIN: readonly PickleValue[] = [null, null, null, -1, -1, 0];

/** `('f8', align, copy)`; the last two change nothing for a plain number. */
function numberType([name]: readonly PickleValue[]): NumberType {
  const format = typeof name === 'string' ? formats.get(name) : undefined;
  return format
    ? new NumberType(name as string, format)
    : unusable(
        `numpy type ${typeof name === 'string' ? quoted(name) : 'without a name'} is not allowed, only single numbers of type ${[...formats.keys()].join(', ')}`,
      );
}

function numberOf([type, bytes]: readonly PickleValue[]): PickleValue {
  return type instanceof NumberType ? type.numberOf(bytes) : unusable('a number of numpy without a type');
}

/** Under the names of numpy 1 and numpy 2. */
export const numpyCallables: readonly Callable[] = [
  new Callable('numpy.dtype', numberType),
  new Callable('numpy.core.multiarray.scalar', numberOf),
  new Callable('numpy._core.multiarray.scalar', numberOf),
];
