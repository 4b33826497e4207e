/** @file What every look of generated pictures offers, and what it makes. */

/** A picture before encoding. */
export interface GeneratedPicture {
  /** RGB, row-major [height, width, 3]. */
  readonly image: Uint8Array;
  /** Index into the classes of the look, row-major [height, width]. */
  readonly mask: Uint8Array;
}

/** One kind of generated pictures: what is seen on them, and how. */
export interface Look {
  /** Class names in index order, background first. */
  readonly classes: readonly string[];
  /** Name and version, kept in `dataset_meta.json`: another version gives other pictures. */
  readonly generator: string;
  /** First word of file names. */
  readonly pictureName: string;
  /**
   * Draws one picture in memory. What is seen depends on `key` and the shape of the picture, not on its size: smaller
   * pictures show the same things smaller.
   * @param key names the random stream: equal keys and sizes give equal pictures.
   * @param width pixels, from 16.
   * @param height pixels, from 16.
   */
  draw(key: string, width: number, height: number): GeneratedPicture;
}
