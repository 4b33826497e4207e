/** @file A flat picture while it is drawn, measured in units of which its shorter side has 256. */

/** Units along the shorter side. */
const SHORTER_SIDE = 256;

/** Light and classes of the pixels, and how pixels and units go together. */
export class FlatCanvas {
  /** Three channels, row-major [height, width, 3]. */
  readonly light: Float32Array;
  /** Class indices, row-major [height, width]. */
  readonly labels: Uint8Array;
  /** Size of a pixel in units. */
  readonly pixel: number;
  /** Width of the picture in units. */
  readonly across: number;
  /** Height of the picture in units. */
  readonly down: number;

  /**
   * @param width pixels.
   * @param height pixels.
   */
  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.light = new Float32Array(3 * width * height);
    this.labels = new Uint8Array(width * height);
    this.pixel = SHORTER_SIDE / Math.min(width, height);
    this.across = width * this.pixel;
    this.down = height * this.pixel;
  }

  /** Visits the pixels whose centre is less than `reach` units away from (x, y) along both axes: index, and centre in units. */
  around(x: number, y: number, reach: number, visit: (i: number, px: number, py: number) => void): void {
    const { pixel, width, height } = this;
    const left = Math.max(Math.ceil((x - reach) / pixel - 0.5), 0);
    const right = Math.min(Math.floor((x + reach) / pixel - 0.5), width - 1);
    const top = Math.max(Math.ceil((y - reach) / pixel - 0.5), 0);
    const bottom = Math.min(Math.floor((y + reach) / pixel - 0.5), height - 1);
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        visit(row * width + column, (column + 0.5) * pixel, (row + 0.5) * pixel);
      }
    }
  }

  /** Visits every pixel: index, and centre in units. */
  everywhere(visit: (i: number, px: number, py: number) => void): void {
    this.around(this.across / 2, this.down / 2, Math.max(this.across, this.down), visit);
  }
}
