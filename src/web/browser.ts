/** @file What browsers have and Node has not, as far as it is used here: the types of browsers are not those of this project. */

/** A decoded picture. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  close(): void;
}

interface Context {
  drawImage(picture: object, left: number, top: number): void;
  getImageData(
    left: number,
    top: number,
    width: number,
    height: number,
  ): { readonly data: Uint8ClampedArray };
}

interface Canvas {
  getContext(kind: '2d', options: { readonly willReadFrequently: boolean }): Context | null;
}

/** A graphics card, or what stands in for one. */
interface Adapter {
  /** Whether the processor computes in its place. */
  readonly isFallbackAdapter?: boolean;
  readonly info?: { readonly isFallbackAdapter?: boolean };
}

/** The global names of a page or a worker. */
export interface Browser {
  readonly createImageBitmap?: (file: Blob, options: Readonly<Record<string, string>>) => Promise<Bitmap>;
  readonly OffscreenCanvas?: new (width: number, height: number) => Canvas;
  /** Whether threads may share memory here; see docs/web.md. */
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: {
    readonly hardwareConcurrency?: number;
    readonly gpu?: { requestAdapter(): Promise<Adapter | null> };
  };
}

/** Those of where this runs. */
export const here = globalThis as unknown as Browser;

/** Whether there is a graphics card that WebGPU can use, and not the processor in its place. */
export async function hasGraphicsCard({ navigator }: Browser): Promise<boolean> {
  const adapter = await navigator?.gpu?.requestAdapter().catch(() => null);
  return !!adapter && !(adapter.isFallbackAdapter ?? adapter.info?.isFallbackAdapter ?? false);
}
