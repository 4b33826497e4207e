/** @file What a file of OpenVINO's intermediate representation (IR) holds: layers, numbered from 0, whose ports are joined by edges. */

import type { DType } from '../../graph/index.js';

/** Types of elements; halves occur in constants alone. */
export type IrElement = DType | 'float16';

/** The type of a port. */
export interface IrType {
  readonly dtype: IrElement;
  /** Sizes of the dimensions; -1 where the size is open. */
  readonly shape: readonly number[];
}

/** Name of a type in attributes (`f32`), and on ports (`FP32`). */
export const ELEMENTS: Readonly<Record<IrElement, { readonly element: string; readonly precision: string }>> =
  {
    float32: { element: 'f32', precision: 'FP32' },
    float16: { element: 'f16', precision: 'FP16' },
    int64: { element: 'i64', precision: 'I64' },
    int32: { element: 'i32', precision: 'I32' },
    uint8: { element: 'u8', precision: 'U8' },
    int8: { element: 'i8', precision: 'I8' },
    bool: { element: 'boolean', precision: 'BOOL' },
  };

/** A value of an attribute; lists are written with commas. */
export type IrAttribute = string | number | boolean | readonly number[];

/** An operator with its ports. Ports are numbered from 0, the inputs first. */
export interface IrLayer {
  readonly name: string;
  readonly type: string;
  /** Set of operators that it is of, such as `opset1`. */
  readonly version: string;
  readonly data: Readonly<Record<string, IrAttribute>>;
  /** Names of properties of the layer at run time. */
  readonly rtInfo: readonly string[];
  readonly inputs: readonly IrValue[];
  readonly outputs: readonly IrType[];
  /** Names under which programs find a value, by the number of the output. */
  readonly names: ReadonlyMap<number, readonly string[]>;
}

/** An output of a layer. */
export interface IrValue {
  /** Number of the layer. */
  readonly layer: number;
  /** Number of the output, from 0. */
  readonly output: number;
  readonly type: IrType;
}
