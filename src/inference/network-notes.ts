/** @file What was said of a network of another tool, noted in its file, so that the file is all there is to know of it. */
import { create, toBinary } from '@bufbuild/protobuf';
import { z } from 'zod';
import { OtxError } from '../base/errors.js';
import { parseJson } from '../base/parse-json.js';
import type { ModelFile } from '../graph/import/import-model.js';
import { ModelProtoSchema, StringStringEntryProtoSchema } from '../graph/onnx/onnx_pb.js';

/** What is known of a network that others exported. */
export interface ImportNetworkOptions {
  /** Name of the output with a map for each class. Default: the first of the file. */
  readonly output?: string | undefined;
  /**
   * What the network expects of an image: (pixel − mean) / deviation of red, green and blue from 0 to 255. Default: the means
   * and deviations of ImageNet, 123.675, 116.28, 103.53 and 58.395, 57.12, 57.375. For pixels from 0 to 1 it is 0 and 255.
   */
  readonly normalization?:
    | { readonly mean: readonly number[]; readonly deviation: readonly number[] }
    | undefined;
}

const KEY = 'otx import';
const colours = z.array(z.number()).length(3);
const schema = z.strictObject({
  output: z.string().optional(),
  normalization: z.strictObject({ mean: colours, deviation: colours }).optional(),
});

/** @throws OtxError `graph` for notes that this program has not made */
export function notesIn({ metadata }: ModelFile): ImportNetworkOptions {
  const text = metadata.get(KEY);
  if (text === undefined) return {};
  const { data } = schema.safeParse(parseJson(text));
  if (data) return data;
  throw new OtxError('graph', `the ONNX model has notes under "${KEY}" that are not those of otx train`);
}

/** The file with these notes: a message of a protocol goes on with whatever is appended to it, and of two notes the later counts. */
export function withNotes(bytes: Uint8Array, { output, normalization }: ImportNetworkOptions): Uint8Array {
  if (output === undefined && normalization === undefined) return bytes;
  const entry = create(StringStringEntryProtoSchema, {
    key: KEY,
    value: JSON.stringify({ output, normalization }),
  });
  return Buffer.concat([
    bytes,
    toBinary(ModelProtoSchema, create(ModelProtoSchema, { metadataProps: [entry] })),
  ]);
}
