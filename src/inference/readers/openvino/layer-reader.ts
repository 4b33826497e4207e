/** @file A layer that is about to become a node: its inputs, and its attributes with defaults and checks. */

import type { Shape, Tensor, TensorData } from '../../../graph/index.js';
import { type IrLayer, named } from './document.js';
import { refuseIr } from './unusable-ir.js';

/** Of what all operators of a model are told by constants: axes, sizes, positions. Networks here have some thousands. */
const MOST_NUMBERS = 2 ** 22;

/** Numbers that may still be read for a model: a constant of a million costs nothing, but each of its uses does. */
export class Allowance {
  private left = MOST_NUMBERS;

  /** Whether there were so many left. */
  spend(numbers: number): boolean {
    this.left -= numbers;
    return this.left >= 0;
  }
}

export class LayerReader {
  constructor(
    readonly layer: IrLayer,
    readonly inputs: readonly Tensor[],
    private readonly allowance: Allowance,
  ) {}

  /** The layer, for messages. */
  get where(): string {
    return `layer ${named(this.layer.name)} (${this.layer.type})`;
  }

  refuse(reason: string): never {
    return refuseIr(`${this.where} ${reason}`);
  }

  has(input: number): boolean {
    return input < this.inputs.length;
  }

  /** @throws UnusableIr when the model has been told too many numbers */
  spend(numbers: number): void {
    if (!this.allowance.spend(numbers)) this.refuse('is told more numbers than a network needs');
  }

  input(at: number): Tensor {
    return this.inputs[at] ?? this.refuse(`has no input ${at}`);
  }

  /** Numbers that an input gives; they must be in the file. */
  numbers(at: number): number[] {
    const data = constantData(this.input(at));
    if (!data) return this.refuse(`computes its input ${at}, which must be a constant`);
    this.spend(data.length);
    return Array.from(data as ArrayLike<number | bigint>, Number);
  }

  /** The same for whole numbers. */
  ints(at: number): number[] {
    const numbers = this.numbers(at);
    return numbers.every(Number.isSafeInteger) ? numbers : this.refuse(`has no whole numbers as input ${at}`);
  }

  /** The only one of them. */
  int(at: number): number {
    const numbers = this.ints(at);
    return numbers.length === 1 ? numbers[0]! : this.refuse(`has ${numbers.length} numbers as input ${at}`);
  }

  /** Axes that an input gives, from 0. */
  axes(at: number, rank = this.input(0).rank): number[] {
    return this.ints(at).map((axis) => this.axis(axis, rank));
  }

  axis(axis: number, rank = this.input(0).rank): number {
    const from0 = axis < 0 ? axis + rank : axis;
    return from0 >= 0 && from0 < rank ? from0 : this.refuse(`has the axis ${axis} of ${rank} axes`);
  }

  text(key: string, fallback?: string): string {
    return this.layer.data[key] ?? fallback ?? this.refuse(`lacks the attribute ${key}`);
  }

  /** The attribute, which must be one of some words. */
  word(key: string, words: readonly string[], fallback?: string): string {
    const text = this.text(key, fallback).toLowerCase();
    return words.includes(text)
      ? text
      : this.refuse(`has ${key} ${named(text)}; ${words.join(', ')} are read`);
  }

  flag(key: string, fallback?: boolean): boolean {
    const text = this.text(key, fallback === undefined ? undefined : String(fallback)).toLowerCase();
    if (text === 'true' || text === '1') return true;
    return text === 'false' || text === '0' ? false : this.refuse(`has ${key} ${named(text)}`);
  }

  number(key: string, fallback?: number): number {
    const text = this.text(key, fallback === undefined ? undefined : String(fallback));
    const value = text.trim() === '' ? Number.NaN : Number(text);
    return Number.isFinite(value) ? value : this.refuse(`has ${key} ${named(text)}`);
  }

  wholeNumber(key: string, fallback?: number): number {
    const value = this.number(key, fallback);
    return Number.isSafeInteger(value) ? value : this.refuse(`has ${key} ${value}`);
  }

  /** Two whole numbers, for rows and columns. */
  pair(key: string, least: number, fallback?: string): [number, number] {
    const parts = this.text(key, fallback).split(',');
    const [rows, columns] = parts.map((part) => (/^\s*\d{1,6}\s*$/.test(part) ? Number(part) : -1));
    if (parts.length !== 2 || !(rows! >= least && columns! >= least)) {
      this.refuse(`has ${key} ${named(parts.join(','))}; two numbers from ${least} are expected`);
    }
    return [rows!, columns!];
  }

  /** Makes sure of sizes that are above 0. */
  sizes(shape: readonly number[]): Shape {
    return shape.every((size) => size > 0) ? shape : this.refuse(`gives the shape [${shape}]`);
  }
}

/** The values of a constant of the file; undefined for what is computed. */
export function constantData(tensor: Tensor): TensorData | undefined {
  const { op, attributes } = tensor.node;
  return op === 'constant' ? (attributes as { readonly data: TensorData }).data : undefined;
}
