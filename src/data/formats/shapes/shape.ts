/** @file What people draw around or over objects, as plain data that can be sent to worker threads. */

/** A polygon, possibly with holes. */
export interface PolygonShape {
  readonly kind: 'polygon';
  readonly classIndex: number;
  /** Corners x0, y0, x1, y1, ... of each closed ring; a pixel inside an even number of rings is outside. */
  readonly rings: readonly Float64Array[];
  /** What a coordinate counts: pixels, or fractions of the width and height of the image. */
  readonly unit: 'pixels' | 'fraction';
}

/** Run lengths over a box: how many pixels are not of the object, how many are, how many are not, and so on. */
export interface RunsShape {
  readonly kind: 'runs';
  readonly classIndex: number;
  /** Whether runs go along rows, or down columns as in COCO. */
  readonly order: 'rows' | 'columns';
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Their sum is at most `width * height`. */
  readonly counts: Uint32Array;
}

/** A picture of an object alone: what is not 0 (or, with an alpha channel, not transparent) is of the object. */
export interface BitmapShape {
  readonly kind: 'bitmap';
  readonly classIndex: number;
  readonly left: number;
  readonly top: number;
  /** A file of a lossless format. */
  readonly bytes: Uint8Array;
}

/**
 * The whole picture, from a mask of ADE20K: red and green give the number of a class, blue the number of an object among the
 * values that occur.
 */
export interface SegmentsShape {
  readonly kind: 'segments';
  readonly path: string;
  /** What the numbers of `classOf` count: classes, or objects. */
  readonly by: 'code' | 'instance';
  /** Class index of each number; others are background. */
  readonly classOf: readonly (readonly [number: number, classIndex: number])[];
}

export type Shape = PolygonShape | RunsShape | BitmapShape | SegmentsShape;

/** The annotation of one image by shapes, of which later ones lie above earlier ones. */
export interface ShapeList {
  readonly shapes: readonly Shape[];
  /** Class index of pixels under no shape. */
  readonly ground: number;
}
