/** @file The bytes of a model, from wherever a page has them. */

import { messageOf, OtxError } from '../base/errors.js';

/** As of bytes, which have no name. */
const UNNAMED = 'the model';

/** @throws OtxError `checkpoint` for an address that gives nothing, `usage` for what is neither an address nor bytes. */
export async function fetchModel(
  model: string | URL | Uint8Array | ArrayBuffer,
): Promise<{ readonly bytes: Uint8Array; readonly name: string }> {
  if (model instanceof Uint8Array) return { bytes: model, name: UNNAMED };
  if (model instanceof ArrayBuffer) return { bytes: new Uint8Array(model), name: UNNAMED };
  if (!(typeof model === 'string' || model instanceof URL)) {
    throw new OtxError('usage', 'the model is neither an address nor bytes (Uint8Array or ArrayBuffer)');
  }
  const name = String(model);
  return { bytes: await fetchBytes(name), name };
}

async function fetchBytes(address: string): Promise<Uint8Array> {
  const fail = (reason: string, cause?: unknown) =>
    new OtxError('checkpoint', `${address}: the model cannot be fetched (${reason})`, { cause });
  let response: Response;
  try {
    response = await fetch(address);
  } catch (error) {
    throw fail(messageOf(error), error);
  }
  if (!response.ok) throw fail(`the server answers ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
