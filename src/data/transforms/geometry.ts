/** @file Sizes and windows, shared by the transforms. */

/** Of a picture or a part of it. */
export interface Size {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
}

/** The size of a square. */
export const squareOf = (side: number): Size => ({ width: side, height: side });

/** A rectangle of whole pixels; `left` and `top` count from the upper left corner. */
export interface Window extends Size {
  readonly left: number;
  readonly top: number;
}

/** The window that covers everything. */
export function wholeWindow(size: Size): Window {
  return { left: 0, top: 0, width: size.width, height: size.height };
}
