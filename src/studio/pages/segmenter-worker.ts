/**
 * @file Runs an exported file in a thread of its own: the package `otx/web` on `onnxruntime-web`, both from the studio's server. On the
 * processor, whose numbers are those of every machine.
 */

import type { createSegmenter, Segmentation, WebSegmenter } from '../../web-api.js';

/** What a page asks. */
export type Request =
  | { readonly type: 'open'; readonly model: Uint8Array }
  | { readonly type: 'segment'; readonly picture: Blob };

/** What it is told. */
export type Reply =
  | { readonly type: 'opened'; readonly width: number; readonly height: number }
  | { readonly type: 'segmented'; readonly found: Segmentation }
  | { readonly type: 'failed'; readonly message: string };

const scope = self as unknown as DedicatedWorkerGlobalScope;
const reply = (message: Reply) => scope.postMessage(message);
const addressOf = (name: string): string => new URL(name, location.href).href;

async function open(model: Uint8Array): Promise<WebSegmenter> {
  const [otx, runtime] = await Promise.all([
    import(addressOf('otx-web.js')) as Promise<{ createSegmenter: typeof createSegmenter }>,
    import(addressOf('runtime/ort.wasm.min.mjs')),
  ]);
  return otx.createSegmenter(model, {
    ...{ runtime, device: 'wasm' },
    runtimeFiles: addressOf('runtime/'),
  });
}

let opened: Promise<WebSegmenter> | undefined;

async function answer(request: Request): Promise<Reply> {
  if (request.type === 'open') {
    opened = open(request.model);
    const { inputSize } = await opened;
    return { type: 'opened', ...inputSize };
  }
  const segmenter = await opened;
  if (!segmenter) throw new Error('no model is open');
  return { type: 'segmented', found: await segmenter.segment(request.picture) };
}

scope.onmessage = ({ data }: MessageEvent<Request>) => {
  answer(data).then(reply, (error: unknown) =>
    reply({ type: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
};
