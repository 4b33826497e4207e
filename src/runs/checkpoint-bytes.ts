/** @file The bytes of a checkpoint's file, with what tells later whether they are whole. Nothing of Node is in it. */

import { OtxError } from '../base/errors.js';
import { tensorProblem } from '../weights/check-values.js';
import { encodeSafetensors, type SafeTensor } from '../weights/safetensors.js';

/** SHA-256 of some parts after each other, in hexadecimal; text counts as its UTF-8. */
export type Sha256 = (parts: Iterable<string | Uint8Array>) => string;

type Tensors = ReadonlyMap<string, SafeTensor>;

/**
 * The bytes of a checkpoint's file.
 *
 * @param info what is said of the weights; see `CheckpointInfo`.
 * @param startedFrom weights that were given to the training, if any.
 * @throws OtxError `numeric` for weights that could not be read again, so that they do not replace good ones.
 */
export function checkpointBytes(
  { info, tensors }: { readonly info: object; readonly tensors: Tensors },
  sha256: Sha256,
  startedFrom?: string,
): Uint8Array {
  const problem = checkpointProblem(tensors);
  if (problem) {
    throw new OtxError(
      'numeric',
      `the training has reached weights that are no use (${problem}); what was saved before is left as it is; try a lower ` +
        `learning rate${startedFrom === undefined ? '' : `, or other weights than ${startedFrom} to start from`}`,
    );
  }
  const otx = JSON.stringify(info);
  const metadata = { otx, sha256: checksum(tensors, sha256), sha256_otx: sha256([otx]) };
  return encodeSafetensors({ tensors, metadata });
}

/** What is wrong with the values of the first tensor that is not as it should be. */
export function checkpointProblem(tensors: Tensors): string | undefined {
  for (const [name, { data, dtype }] of tensors) {
    const problem = tensorProblem(name, { data, type: dtype });
    if (problem) return problem;
  }
  return undefined;
}

/** Over names, shapes and bytes, in the order of the names. */
export function checksum(tensors: Tensors, sha256: Sha256): string {
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256(
    sorted.flatMap(([name, { dtype, shape, data }]) => [
      JSON.stringify([name, dtype, shape]),
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    ]),
  );
}
