/** @file Writes weights as `torch.save` does, so that `torch.load(path, weights_only=True)` opens them. */

import { OtxError } from '../base/errors.js';
import { encodeZip } from '../base/zip-writer.js';
import { countOf, rowMajorStrides, type WeightTensor } from './stored-tensor.js';

export interface TorchFileOptions {
  /**
   * Background first. With them the file is `{meta: {CLASSES}, state_dict}`, which mmcv and OTX read with the names;
   * without them it is the state dict itself.
   */
  readonly classNames?: readonly string[];
}

const FOLDER = 'weights';

/**
 * The parts of a `.pth` file, in order: float32 tensors, and int64 for BigInt64Array, in an OrderedDict. Equal weights give
 * equal bytes.
 *
 * @throws OtxError `output` when it would have 4 GB or more.
 */
export function encodeTorchFile(
  tensors: ReadonlyMap<string, WeightTensor>,
  { classNames }: TorchFileOptions = {},
): Uint8Array[] {
  const storages = [...tensors.values()].map(({ data }, index) => ({
    name: `${FOLDER}/data/${index}`,
    bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  }));
  return encodeZip([
    { name: `${FOLDER}/data.pkl`, bytes: encodePickle(tensors, classNames) },
    { name: `${FOLDER}/byteorder`, bytes: Buffer.from('little') },
    ...storages,
    { name: `${FOLDER}/version`, bytes: Buffer.from('3\n') },
  ]);
}

function encodePickle(
  tensors: ReadonlyMap<string, WeightTensor>,
  classNames: readonly string[] | undefined,
): Buffer {
  const pickle = new PickleWriter();
  if (classNames) {
    pickle.dict(() => {
      pickle.text('meta');
      pickle.dict(() => {
        pickle.text('CLASSES');
        pickle.tuple(() => {
          for (const name of classNames) pickle.text(name);
        });
      });
      pickle.text('state_dict');
      writeStateDict(pickle, tensors);
    });
  } else {
    writeStateDict(pickle, tensors);
  }
  return pickle.finish();
}

function writeStateDict(pickle: PickleWriter, tensors: ReadonlyMap<string, WeightTensor>): void {
  pickle.orderedDict(() => {
    let storage = 0;
    for (const [name, { shape, data }] of tensors) {
      if (data.length !== countOf(shape)) {
        throw new OtxError('output', `tensor ${name} has ${data.length} values but shape [${shape}]`);
      }
      pickle.text(name);
      writeTensor(pickle, `${storage++}`, shape, data);
    }
  });
}

/** `_rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, backward_hooks)` */
function writeTensor(
  pickle: PickleWriter,
  key: string,
  shape: readonly number[],
  data: WeightTensor['data'],
): void {
  pickle.call('torch._utils', '_rebuild_tensor_v2', () => {
    pickle.persistent(() => {
      pickle.text('storage');
      pickle.global('torch', data instanceof BigInt64Array ? 'LongStorage' : 'FloatStorage');
      pickle.text(key);
      pickle.text('cpu');
      pickle.count(data.length);
    });
    pickle.count(0);
    pickle.counts(shape);
    pickle.counts(rowMajorStrides(shape));
    pickle.no();
    pickle.orderedDict(() => undefined);
  });
}

/** The few opcodes of protocol 2 that this takes. Parts of a value are written by the function given for them. */
class PickleWriter {
  private readonly parts: Buffer[] = [Buffer.from([0x80, 2])];
  private readonly globals = new Map<string, number>();

  private opcode(code: string, ...operands: Buffer[]): void {
    this.parts.push(Buffer.from(code, 'latin1'), ...operands);
  }

  text(text: string): void {
    const bytes = Buffer.from(text);
    this.opcode('X', uint32(bytes.length), bytes);
  }

  /** A whole number of at least 0. */
  count(value: number): void {
    if (value <= 0xff) this.opcode('K', Buffer.from([value]));
    else if (value <= 0x7fffffff) this.opcode('J', uint32(value));
    else {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt(value));
      this.opcode('\x8a', Buffer.from([8]), bytes);
    }
  }

  counts(values: readonly number[]): void {
    this.tuple(() => {
      for (const value of values) this.count(value);
    });
  }

  no(): void {
    this.opcode('\x89');
  }

  tuple(items: () => void): void {
    this.opcode('(');
    items();
    this.opcode('t');
  }

  /** @param items writes keys and values by turns. */
  dict(items: () => void): void {
    this.opcode('}');
    this.setItems(items);
  }

  orderedDict(items: () => void): void {
    this.call('collections', 'OrderedDict', () => undefined);
    this.setItems(items);
  }

  private setItems(items: () => void): void {
    this.opcode('(');
    items();
    this.opcode('u');
  }

  call(module: string, name: string, args: () => void): void {
    this.global(module, name);
    this.tuple(args);
    this.opcode('R');
  }

  persistent(id: () => void): void {
    this.tuple(id);
    this.opcode('Q');
  }

  /** Written once and remembered. */
  global(module: string, name: string): void {
    const line = `${module}\n${name}\n`;
    const known = this.globals.get(line);
    if (known !== undefined) {
      this.opcode('h', Buffer.from([known]));
    } else {
      this.opcode('c', Buffer.from(line));
      this.opcode('q', Buffer.from([this.globals.size]));
      this.globals.set(line, this.globals.size);
    }
  }

  finish(): Buffer {
    this.opcode('.');
    return Buffer.concat(this.parts);
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
