/** @file What was said of a network of another tool, noted in its file, so that the file is all there is to know of it. */
import { create, toBinary } from '@bufbuild/protobuf';
import { z } from 'zod';
import { OtxError } from '../base/errors.js';
import { parseJson } from '../base/parse-json.js';
import type { ModelFile } from '../graph/import/import-model.js';
import { ModelProtoSchema, StringStringEntryProtoSchema } from '../graph/onnx/onnx_pb.js';
import type { ImportNetworkOptions } from './imported-network.js';

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
