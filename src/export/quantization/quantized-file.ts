/** @file Files that cannot be quantised: they were exported, or quantised before. */

import { OtxError } from '../../base/errors.js';
import { inspectModel } from '../../graph/onnx/inspect-model.js';
import { readerOf } from '../../inference/readers/index.js';
import { LARGEST } from '../../weights/check-values.js';

/** Metadata of a file that was quantised. */
export const QUANTIZED_KEY = 'otx quantisation';

/** @throws OtxError `checkpoint` for an exported file of any format */
export async function refuseExported(path: string): Promise<void> {
  const reader = await readerOf(path);
  if (!reader) return;
  const remedy = 'give the run or the checkpoint that it came from';
  if (reader.name === 'onnx' && isQuantized(await reader.toOnnx(path))) {
    throw new OtxError('checkpoint', `${path}: is quantised already; use it as it is, or ${remedy}`);
  }
  throw new OtxError(
    'checkpoint',
    `${path}: is an exported file, whose weights are no longer told from the rest; ${remedy}`,
  );
}

function isQuantized(model: Uint8Array): boolean {
  try {
    return QUANTIZED_KEY in inspectModel(model, LARGEST).metadata;
  } catch {
    return false;
  }
}
