/**
 * @file The maps behind the output `feature_vector` of a model, which has their means alone. Where a network has looked is seen in the
 * maps, so that a file that gives the means is enough to tell it.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type GraphProto, ModelProtoSchema, type NodeProto, ValueInfoProtoSchema } from './onnx_pb.js';

/** Operators that make the mean of a map. */
const MEANS = ['ReduceMean', 'GlobalAveragePool'];

/** A model that gives maps, and the names of these. */
export interface FeatureMapsModel {
  readonly bytes: Uint8Array;
  /** Of its outputs, each float32 [N, C, h, w]. */
  readonly maps: readonly string[];
}

/**
 * The part of a model that makes its features, with the maps in place of their means.
 *
 * @param bytes a model that `inspectModel` has let pass.
 * @param output name of the means.
 * @returns undefined for a model that has no such output, or makes it in another way.
 */
export function featureMapsOf(bytes: Uint8Array, output: string): FeatureMapsModel | undefined {
  const model = fromBinary(ModelProtoSchema, bytes);
  const { graph } = model;
  if (!graph?.output.some(({ name }) => name === output)) return undefined;
  const makers = new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const joined = makers.get(output);
  const means = joined?.opType === 'Concat' ? joined.input : [output];
  const maps = means.map((name) => {
    const maker = makers.get(name);
    return maker && MEANS.includes(maker.opType) ? maker.input[0] : undefined;
  });
  if (!maps.every((name) => name !== undefined && makers.has(name))) return undefined;
  const names = [...new Set(maps as string[])];
  graph.output = names.map((name) => create(ValueInfoProtoSchema, { name }));
  // Their shapes are those of the whole model, and nobody asks for them.
  graph.node = neededFor(names, graph, makers);
  return { bytes: toBinary(ModelProtoSchema, model), maps: names };
}

/** In the order of the graph. */
function neededFor(
  names: readonly string[],
  { node }: GraphProto,
  makers: ReadonlyMap<string, NodeProto>,
): NodeProto[] {
  const needed = new Set<NodeProto>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const maker = makers.get(name);
    if (!maker || needed.has(maker)) continue;
    needed.add(maker);
    open.push(...maker.input);
  }
  return node.filter((one) => needed.has(one));
}
