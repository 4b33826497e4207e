/**
 * @file Turns a mask into polygons and the polygons into a mask again, as the reference does with every mask by default
 * (`use_otx_adapter`). What a polygon cannot say is lost on the way.
 */
import { OtxError } from '../../base/errors.js';
import type { LabelMask } from '../types.js';
import { IGNORE_INDEX } from '../types.js';
import { cocoArea } from './coco-area.js';
import { loadOpenCv, type OpenCv } from './opencv.js';

/** Contours of fewer points are lines or dots. */
const MIN_POINTS = 3;
/** In pixels. */
const MIN_AREA = 1;
/** The thickness that OpenCV takes for "filled". */
const FILLED = -1;

/**
 * The mask that the polygons of `mask` cover; all background if no region is large enough for a polygon.
 *
 * Each region of a class is replaced by its outer contour (Teh-Chin approximation with k-cosine curvature), filled with
 * its border, in ascending order of the classes. Hence holes are filled, dots and thin lines vanish, borders move by about
 * a pixel, higher classes cover lower ones, and ignored pixels become background.
 * @throws OtxError `image` when OpenCV cannot start or runs out of memory.
 */
export async function redrawAsPolygons({ data, width, height }: LabelMask): Promise<LabelMask> {
  const { cv } = await loadOpenCv();
  try {
    return { data: redraw(cv, data, width, height), width, height };
  } catch (error) {
    // Exceptions of C++ arrive as addresses.
    if (typeof error !== 'number') throw error;
    throw new OtxError(
      'image',
      `OpenCV failed on a mask of ${width}x${height} pixels, likely for lack of memory`,
    );
  }
}

function redraw(cv: OpenCv, labels: Uint8Array, width: number, height: number): Uint8Array {
  const canvas = new cv.Mat(height, width, cv.CV_8UC1, new cv.Scalar(0));
  const region = new cv.Mat(height, width, cv.CV_8UC1);
  try {
    for (const label of foregroundOf(labels)) {
      const pixels = region.data;
      for (let i = 0; i < labels.length; i++) pixels[i] = labels[i] === label ? 1 : 0;
      for (const contour of outerContours(cv, region)) {
        const usable = contour.length >= 2 * MIN_POINTS && cocoArea(contour, width, height) >= MIN_AREA;
        if (usable) fillContour(cv, canvas, throughFractions(contour, width, height), label);
      }
    }
    return Uint8Array.from(canvas.data);
  } finally {
    canvas.delete();
    region.delete();
  }
}

/** Classes other than background and ignore, ascending. */
function foregroundOf(labels: Uint8Array): number[] {
  const present = new Set(labels);
  return [...present].filter((label) => label !== 0 && label !== IGNORE_INDEX).sort((a, b) => a - b);
}

/** Contours as x, y, x, y, ... */
function outerContours(cv: OpenCv, region: InstanceType<OpenCv['Mat']>): Int32Array[] {
  const found = new cv.MatVector();
  const hierarchy = new cv.Mat();
  try {
    cv.findContours(region, found, hierarchy, cv.RETR_EXTERNAL, cv.CHAIN_APPROX_TC89_KCOS);
    return Array.from({ length: found.size() }, (_, i) => {
      const contour = found.get(i);
      const points = Int32Array.from(contour.data32S);
      contour.delete();
      return points;
    });
  } finally {
    found.delete();
    hierarchy.delete();
  }
}

/**
 * The reference stores vertices as fractions of the image size and cuts off the decimals when it draws, so that rounding
 * moves some vertices by a pixel.
 */
function throughFractions(contour: Int32Array, width: number, height: number): Int32Array {
  return contour.map((value, i) => {
    const size = i % 2 === 0 ? width : height;
    return Math.trunc((value / size) * size);
  });
}

function fillContour(
  cv: OpenCv,
  canvas: InstanceType<OpenCv['Mat']>,
  points: Int32Array,
  label: number,
): void {
  const contours = new cv.MatVector();
  const contour = cv.matFromArray(points.length / 2, 1, cv.CV_32SC2, points);
  try {
    contours.push_back(contour);
    cv.drawContours(canvas, contours, 0, new cv.Scalar(label), FILLED);
  } finally {
    contour.delete();
    contours.delete();
  }
}
