/**
 * @file The names that a PyTorch file may mention, and the inert objects they stand for. Storages and tensors are only
 * described here: their sizes, offsets and strides are claims of the file, checked against each other at once.
 */

import type { ElementType } from './element-types.js';
import { numpyCallables } from './numpy-globals.js';
import type { PickleHost } from './pickle-machine.js';
import { Callable, Inert, itemsOf, type PickleDict, type PickleValue, Tuple } from './pickle-values.js';
import { rowMajorStrides, spanOf } from './stored-tensor.js';
import { quoted, unusable } from './unusable.js';

/** `torch.FloatStorage` and its like: the type of what a storage holds. */
class StorageType extends Inert {
  protected readonly kind = 'storage type';

  constructor(readonly type: ElementType) {
    super();
  }
}

/** `torch.float32` or `torch.device('cpu')` as a piece of data, without any use here. */
class Label extends Inert {
  protected readonly kind = 'label';

  constructor(readonly text: string) {
    super();
  }
}

/** A run of values outside the pickle, by the key under which the file stores it. */
export class Storage {
  constructor(
    readonly key: string,
    readonly type: ElementType,
    /** Values. */
    readonly count: number,
  ) {}
}

/** A storage or, in files of long ago, a part of one. */
class StorageView extends Inert {
  protected readonly kind = 'storage';

  constructor(
    readonly storage: Storage,
    /** In values. */
    readonly offset: number,
    readonly count: number,
  ) {
    super();
  }
}

/** A tensor as a file describes it; it lies within its storage. */
export class TensorView extends Inert {
  protected readonly kind = 'tensor';

  constructor(
    readonly storage: Storage,
    /** In values from the start of the storage. */
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {
    super();
  }
}

const storageTypes: Readonly<Record<string, ElementType>> = {
  'torch.DoubleStorage': 'float64',
  'torch.FloatStorage': 'float32',
  'torch.HalfStorage': 'float16',
  'torch.BFloat16Storage': 'bfloat16',
  'torch.LongStorage': 'int64',
  'torch.IntStorage': 'int32',
  'torch.ShortStorage': 'int16',
  'torch.CharStorage': 'int8',
  'torch.ByteStorage': 'uint8',
  'torch.BoolStorage': 'bool',
  'torch.storage.UntypedStorage': 'uint8',
};

const dtypes = [
  'float64',
  'double',
  'float32',
  'float',
  'float16',
  'half',
  'bfloat16',
  'int64',
  'long',
  'int32',
  'int',
  'int16',
  'short',
  'int8',
  'uint8',
  'bool',
];

const globals: ReadonlyMap<string, Inert> = new Map<string, Inert>([
  ...Object.entries(storageTypes).map(([name, type]) => [name, new StorageType(type)] as const),
  ...dtypes.map((name) => [`torch.${name}`, new Label(name)] as const),
  ...[
    new Callable('torch._utils._rebuild_tensor', rebuildTensor),
    new Callable('torch._utils._rebuild_tensor_v2', rebuildTensor),
    new Callable('torch._utils._rebuild_parameter', rebuildParameter),
    new Callable('torch.Size', ([sizes]) => new Tuple(itemsOf(sizes) ?? [])),
    new Callable('torch.device', (args) => new Label(args.join(':'))),
    new Callable('collections.OrderedDict', ([pairs]) => orderedDict(pairs)),
    new Callable('builtins.set', ([items]) => new Set(itemsOf(items) ?? [])),
    new Callable('__builtin__.set', ([items]) => new Set(itemsOf(items) ?? [])),
    new Callable('_codecs.encode', encodeBytes),
    ...numpyCallables,
  ].map((callable) => [callable.name, callable] as const),
]);

/** The host of one file; it collects the storages that are mentioned. */
export class TorchHost implements PickleHost {
  readonly storages = new Map<string, Storage>();

  /** @param check refuses a storage that the file cannot have; called once for each. */
  constructor(private readonly check: (storage: Storage) => void) {}

  global(name: string): Inert | undefined {
    return globals.get(name);
  }

  /** `('storage', type, key, location, count)`, in the legacy format with a sixth item: None or `(key, offset, count)`. */
  persistent(id: PickleValue): PickleValue {
    const [word, type, key, , count, view = null] = itemsOf(id) ?? [];
    if (word !== 'storage') return unusable('its pickle refers to something else than a storage');
    if (!(type instanceof StorageType)) return unusable('it has a storage of unknown type');
    if (typeof key !== 'string' || !isCount(count)) {
      return unusable(`it has a storage without a valid key and size`);
    }
    const storage = this.storage(key, type.type, count);
    if (view === null) return new StorageView(storage, 0, storage.count);
    const [, offset, length] = itemsOf(view) ?? [];
    if (!isCount(offset) || !isCount(length) || offset + length > storage.count) {
      return unusable(`it has a part of storage ${quoted(key)} that lies outside of it`);
    }
    return new StorageView(storage, offset, length);
  }

  private storage(key: string, type: ElementType, count: number): Storage {
    const known = this.storages.get(key);
    if (known) {
      return known.type === type && known.count === count
        ? known
        : unusable(`it describes storage ${quoted(key)} in two ways`);
    }
    const storage = new Storage(key, type, count);
    this.check(storage);
    this.storages.set(key, storage);
    return storage;
  }
}

/** `(storage, offset, shape, strides, …)`; gradients and hooks, which follow, mean nothing for weights. */
function rebuildTensor([view, offset, size, stride]: readonly PickleValue[]): TensorView {
  if (!(view instanceof StorageView)) return unusable('it has a tensor without a storage');
  const shape = counts(size);
  const strides = counts(stride);
  const span = spanOf(shape, strides);
  if (!isCount(offset) || offset + span > view.count) {
    return unusable(
      `a tensor of shape [${shape}] with strides [${strides}] at ${String(offset)} lies outside its storage of ${view.count} values`,
    );
  }
  // Axes of an empty tensor have strides too, but nothing to stride over.
  return new TensorView(
    view.storage,
    view.offset + offset,
    shape,
    span === 0 ? rowMajorStrides(shape) : strides,
  );
}

function rebuildParameter([tensor]: readonly PickleValue[]): TensorView {
  return tensor instanceof TensorView ? tensor : unusable('it has a parameter without a tensor');
}

function counts(value: PickleValue | undefined): number[] {
  const items = itemsOf(value);
  return items?.every(isCount) ? [...items] : unusable('it has a tensor without a valid shape and strides');
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function orderedDict(pairs: PickleValue | undefined): PickleDict {
  const dict: PickleDict = new Map();
  for (const pair of itemsOf(pairs) ?? []) {
    const [key, value, ...rest] = itemsOf(pair) ?? [];
    if (key === undefined || value === undefined || rest.length > 0) {
      return unusable('it has an OrderedDict of something else than pairs');
    }
    dict.set(key, value);
  }
  return dict;
}

/** How protocol 2 writes bytes: `encode(text, 'latin1')`. */
function encodeBytes([text, encoding]: readonly PickleValue[]): Uint8Array {
  return typeof text === 'string' && encoding === 'latin1'
    ? new Uint8Array(Buffer.from(text, 'latin1'))
    : unusable('it calls _codecs.encode for something else than bytes');
}
