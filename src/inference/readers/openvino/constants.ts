/** @file Constants of a model for OpenVINO out of the file beside it. What a layer says of offset and size may be anything. */

import { constant, type DType, sizeOf, type Tensor } from '../../../graph/index.js';
import { bytesPerElement, decodeElements, type ElementType } from '../../../weights/element-types.js';
import { type IrLayer, named } from './document.js';
import { refuseIr } from './unusable-ir.js';

/** How values of a type are stored, and what they are in a graph: halves and small integers are weights, that is, float32. */
const TYPES: Readonly<Record<string, { readonly stored: ElementType; readonly dtype: DType }>> = {
  f64: { stored: 'float64', dtype: 'float32' },
  f32: { stored: 'float32', dtype: 'float32' },
  f16: { stored: 'float16', dtype: 'float32' },
  bf16: { stored: 'bfloat16', dtype: 'float32' },
  i64: { stored: 'int64', dtype: 'int64' },
  i32: { stored: 'int32', dtype: 'int32' },
  i8: { stored: 'int8', dtype: 'float32' },
  u8: { stored: 'uint8', dtype: 'uint8' },
  boolean: { stored: 'bool', dtype: 'bool' },
};

/** The type of values in a graph by its name in the file. */
export function dtypeOf(element: string | undefined, where: string): DType {
  const type = TYPES[element ?? ''];
  return type?.dtype ?? refuseIr(`${where} has values of type ${named(element ?? '')}, which are not read`);
}

/** Sizes as attributes have them, with commas; `?` or -1 is an open one, which becomes -1. */
export function parseShape(text: string, where: string): number[] {
  if (text.trim() === '') return [];
  return text.split(',').map((part) => {
    const size = part.trim();
    if (size === '?' || size === '-1') return -1;
    return /^\d{1,9}$/.test(size) && Number(size) > 0
      ? Number(size)
      : refuseIr(`${where} has the shape ${named(text)}`);
  });
}

/** Reads constants, as long as all of them together are not larger than any model that would be run. */
export class Constants {
  private left: number;

  /** @param most bytes of all constants together, as they are in memory. */
  constructor(
    private readonly bin: Uint8Array,
    most: number,
  ) {
    this.left = most;
  }

  read({ name, data }: IrLayer): Tensor {
    const where = `layer ${named(name)}`;
    const { element_type: element, shape: sizes = '', offset = '', size = '' } = data;
    const shape = parseShape(sizes, where);
    if (shape.includes(-1)) refuseIr(`${where} is a constant of an open size`);
    const type =
      TYPES[element ?? ''] ??
      refuseIr(`${where} has values of type ${named(element ?? '')}, which are not read`);
    const count = sizeOf(shape);
    const bytes = count * bytesPerElement[type.stored];
    const [start, length] = [offset, size].map((text) =>
      /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN,
    ) as [number, number];
    if (!(length === bytes))
      refuseIr(`${where} has ${named(size)} bytes for ${element}[${shape}], which takes ${bytes}`);
    if (!(start + length <= this.bin.length)) {
      refuseIr(
        `${where} lies at ${named(offset)} to ${start + length} of a file of ${this.bin.length} bytes`,
      );
    }
    this.left -= Math.max(bytes, 4 * count);
    if (this.left < 0) refuseIr('its constants together are larger than any network of otx');
    // Values are used where they begin at a multiple of their size, which in the file they need not.
    const values = new Uint8Array(this.bin.subarray(start, start + length));
    return tensorOf(type, values.buffer, shape);
  }
}

function tensorOf(
  { stored, dtype }: { readonly stored: ElementType; readonly dtype: DType },
  buffer: ArrayBuffer,
  shape: readonly number[],
): Tensor {
  if (dtype === 'int32') return constant(new Int32Array(buffer), shape);
  if (dtype === 'uint8' || dtype === 'bool') return constant(new Uint8Array(buffer), shape, dtype);
  return constant(decodeElements(stored, buffer), shape);
}
