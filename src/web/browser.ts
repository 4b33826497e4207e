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
  /** Browsers leave empty what they do not tell. */
  readonly info?: {
    readonly isFallbackAdapter?: boolean;
    readonly vendor?: string;
    readonly architecture?: string;
    readonly device?: string;
    readonly description?: string;
  };
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

/** What WebGPU computes on. */
export interface GraphicsCard {
  /** As far as the browser tells it. */
  readonly name: string;
  /** Whether the processor computes in its place. */
  readonly isSoftware: boolean;
}

/** What WebGPU has in this browser; undefined for nothing. */
export async function graphicsCard({ navigator }: Browser): Promise<GraphicsCard | undefined> {
  const adapter = await navigator?.gpu?.requestAdapter().catch(() => null);
  if (!adapter) return undefined;
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info ?? {};
  const parts = [vendor, architecture, device].filter(Boolean).join(' ');
  return {
    name: description || parts || 'the graphics card',
    isSoftware: adapter.isFallbackAdapter ?? isFallbackAdapter ?? false,
  };
}

/** Whether there is a graphics card that WebGPU can use, and not the processor in its place. */
export async function hasGraphicsCard(browser: Browser): Promise<boolean> {
  const card = await graphicsCard(browser);
  return card !== undefined && !card.isSoftware;
}
