/**
 * @file The stack machine that a pickle drives: stack, marks, memo, and a budget, so that a few bytes cannot become
 * gigabytes. It knows no opcodes; those are in pickle.ts.
 */

import { Callable, type Inert, type PickleValue, partsOf, Stateful, Tuple } from './pickle-values.js';
import { quoted, unusable } from './unusable.js';

/** What the pickles of one kind of file may mention. */
export interface PickleHost {
  /** Meaning of a global such as `torch._utils._rebuild_tensor_v2`; undefined refuses it. */
  global(name: string): Inert | undefined;
  /** The object that an identifier outside the pickle stands for; throws {@link Unusable} to refuse it. */
  persistent(id: PickleValue): PickleValue;
}

/** Values built and copied: some 40 per tensor, and enough for tens of thousands of tensors. */
const MAX_WORK = 1_000_000;
const DICT_WORK = 16;
const MAX_STACK = 200_000;
const MAX_MARKS = 128;
const MAX_DEPTH = 64;
const MAX_MEMO_INDEX = 300_000;
const MAX_TEXT_BYTES = 2_000_000;
const MAX_INTEGER_BYTES = 256;
const MAX_LINE = 256;
const HIGHEST_PROTOCOL = 5;

/** Stack, marks, memo and budget of one run. */
export class PickleMachine {
  private readonly stack: PickleValue[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, PickleValue>();
  private readonly depths = new WeakMap<object, number>();
  private work = 0;

  constructor(
    private readonly bytes: Buffer,
    private readonly host: PickleHost,
    public position: number,
  ) {}

  /** @returns where the next `length` bytes begin, and moves behind them. */
  private take(length: number, what: string): number {
    const begin = this.position;
    if (length > this.bytes.length - begin) {
      return unusable(`pickle ends in ${what} of ${length} bytes at byte ${begin}; truncated`);
    }
    this.position += length;
    return begin;
  }

  byte(): number {
    return this.bytes[this.take(1, 'an opcode')] as number;
  }

  /** Unsigned and little-endian; eight bytes may lose digits, but only where any limit is exceeded anyway. */
  unsigned(size: 1 | 2 | 4 | 8): number {
    const begin = this.take(size, 'a number');
    return size === 8 ? Number(this.bytes.readBigUInt64LE(begin)) : this.bytes.readUIntLE(begin, size);
  }

  signed32(): number {
    return this.bytes.readInt32LE(this.take(4, 'a number'));
  }

  float64(): number {
    return this.bytes.readDoubleBE(this.take(8, 'a number'));
  }

  /** Two's complement of any length. */
  integer(length: number): number | bigint {
    if (length > MAX_INTEGER_BYTES) return unusable(`an integer of ${length} bytes`);
    const begin = this.take(length, 'an integer');
    if (length === 0) return 0;
    const digits = Buffer.from(this.bytes.subarray(begin, begin + length)).reverse();
    return compact(BigInt.asIntN(8 * length, BigInt(`0x${digits.toString('hex')}`)));
  }

  raw(length: number): Uint8Array {
    if (length > MAX_TEXT_BYTES) return unusable(`a byte string of ${length} bytes`);
    const begin = this.take(length, 'a byte string');
    return new Uint8Array(this.bytes.subarray(begin, begin + length));
  }

  text(length: number, encoding: 'utf-8' | 'latin1'): string {
    if (length > MAX_TEXT_BYTES) return unusable(`a text of ${length} bytes`);
    const begin = this.take(length, 'a text');
    const bytes = this.bytes.subarray(begin, begin + length);
    if (encoding === 'latin1') return bytes.toString('latin1');
    try {
      return utf8.decode(bytes);
    } catch {
      return unusable(`a text at byte ${begin} that is not UTF-8`);
    }
  }

  line(): string {
    const begin = this.position;
    const end = this.bytes.indexOf(0x0a, begin);
    if (end < 0 || end - begin > MAX_LINE) return unusable(`a line at byte ${begin} without end`);
    this.position = end + 1;
    return this.bytes.toString('latin1', begin, end);
  }

  private spend(work: number): void {
    this.work += work;
    if (this.work > MAX_WORK) unusable(`its pickle builds more than ${MAX_WORK} values`);
  }

  push(value: PickleValue): void {
    if (this.stack.length >= MAX_STACK) unusable(`its pickle stacks more than ${MAX_STACK} values`);
    this.stack.push(value);
  }

  pop(): PickleValue {
    if (this.stack.length <= (this.marks.at(-1) ?? 0))
      return unusable('its pickle takes from an empty stack');
    return this.stack.pop() as PickleValue;
  }

  /** The uppermost value, which stays. */
  private top(): PickleValue {
    const value = this.pop();
    this.stack.push(value);
    return value;
  }

  mark(): void {
    if (this.marks.length >= MAX_MARKS) unusable(`its pickle nests more than ${MAX_MARKS} marks`);
    this.marks.push(this.stack.length);
  }

  popToMark(): PickleValue[] {
    const mark = this.marks.pop();
    return mark === undefined ? unusable('its pickle has no mark') : this.stack.splice(mark);
  }

  /** Counts `parts` that go into `container` and refuses nesting that no checkpoint has. */
  private nest(container: object, parts: readonly PickleValue[]): void {
    this.spend(1 + parts.length);
    let depth = this.depths.get(container) ?? 1;
    for (const part of parts) {
      if (typeof part !== 'object' || part === null) continue;
      if (part === container) unusable('its pickle holds a container that contains itself');
      depth = Math.max(depth, 1 + (this.depths.get(part) ?? 0));
    }
    if (depth > MAX_DEPTH) unusable(`its pickle nests more than ${MAX_DEPTH} containers`);
    this.depths.set(container, depth);
  }

  pushTuple(items: readonly PickleValue[]): void {
    const tuple = new Tuple(items);
    this.nest(tuple, items);
    this.push(tuple);
  }

  pushList(): void {
    this.spend(2);
    this.push([]);
  }

  pushDict(): void {
    this.spend(DICT_WORK);
    this.push(new Map());
  }

  pushSet(): void {
    this.spend(DICT_WORK);
    this.push(new Set());
  }

  append(items: readonly PickleValue[]): void {
    const list = this.top();
    if (!Array.isArray(list)) unusable('its pickle appends to what is no list');
    this.nest(list, items);
    for (const item of items) list.push(item);
  }

  addToSet(items: readonly PickleValue[]): void {
    const set = this.top();
    if (!(set instanceof Set)) unusable('its pickle adds to what is no set');
    this.nest(set, items);
    for (const item of items) set.add(item);
  }

  setItems(pairs: readonly PickleValue[]): void {
    const dict = this.top();
    if (!(dict instanceof Map)) unusable('its pickle sets items of what is no dict');
    if (pairs.length % 2 !== 0) unusable('its pickle sets a key without a value');
    this.nest(dict, pairs);
    for (let i = 0; i < pairs.length; i += 2) dict.set(pairs[i] as PickleValue, pairs[i + 1] as PickleValue);
  }

  remember(index: number): void {
    if (index > MAX_MEMO_INDEX) unusable(`its pickle's memo has an entry ${index}`);
    this.spend(1);
    this.memo.set(index, this.top());
  }

  rememberNext(): void {
    this.remember(this.memo.size);
  }

  recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) unusable(`its pickle's memo has no entry ${index}`);
    this.push(value);
  }

  pushGlobal(module: PickleValue, name: PickleValue): void {
    if (typeof module !== 'string' || typeof name !== 'string') {
      unusable('its pickle names a global by what is no text');
    }
    const meaning = this.host.global(`${module}.${name}`);
    if (!meaning) {
      unusable(
        `global ${quoted(`${module}.${name}`)} is not allowed; only tensors and plain data are read, so save a state_dict`,
      );
    }
    this.push(meaning);
  }

  reduce(): void {
    const args = this.pop();
    const callable = this.pop();
    if (!(callable instanceof Callable)) unusable('its pickle calls what is no function (opcode REDUCE)');
    if (!(args instanceof Tuple)) unusable(`its pickle calls ${callable.name} without arguments`);
    for (const arg of args.items) this.spend(partsOf(arg));
    const value = callable.build(args.items);
    if (typeof value === 'object' && value !== null) {
      this.spend(value instanceof Map || value instanceof Set ? DICT_WORK : 1);
      this.nest(value, [args]);
    }
    this.push(value);
  }

  /** Attributes of a state dict (`_metadata`: versions of layers) are dropped; nothing else may have any but the host's. */
  build(): void {
    const state = this.pop();
    const target = this.top();
    if (target instanceof Stateful) {
      target.setState(state);
    } else if (!(target instanceof Map) || !(state instanceof Map)) {
      unusable('pickle opcode BUILD is not allowed on anything but an OrderedDict; weights never need it');
    }
  }

  pushPersistent(): void {
    this.spend(1);
    this.push(this.host.persistent(this.pop()));
  }

  popAny(): void {
    if (this.stack.length === this.marks.at(-1)) this.marks.pop();
    else this.pop();
  }

  protocol(): void {
    const protocol = this.byte();
    if (protocol > HIGHEST_PROTOCOL) {
      unusable(`pickle protocol ${protocol}; up to ${HIGHEST_PROTOCOL} is read`);
    }
  }

  frame(): void {
    const length = this.unsigned(8);
    if (length > this.bytes.length - this.position) unusable(`a pickle frame of ${length} bytes; truncated`);
  }

  finish(): PickleValue {
    const value = this.pop();
    return this.stack.length > 0 || this.marks.length > 0
      ? unusable('its pickle leaves values on the stack')
      : value;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function compact(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
