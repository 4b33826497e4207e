/** @file Which weights of a trained network are stored in 16 bits: all but the few whose rounding changes what the network says. */

import { createHash } from 'node:crypto';
import { throwIfAborted } from '../base/abortable.js';
import { OtxError } from '../base/errors.js';
import { fromHalves, toHalves } from '../base/half.js';
import { networkInput } from '../data/images/network-input.js';
import type { Size } from '../data/index.js';
import { createEngine } from '../engine/engine.js';
import {
  add,
  constant,
  input,
  mul,
  reachableNodes,
  type Shape,
  slice,
  type Tensor,
  type TensorData,
} from '../graph/index.js';
import { fitsHalves, type IsHalf } from '../graph/onnx/stored-weights.js';
import { rewrite } from '../graph/passes/rewrite.js';
import { encodeGraph } from '../inference/network-file.js';
import { type NetworkGraph, networkGraph, TRACED_BATCH } from '../inference/network-graph.js';
import type { TrainedModel } from '../inference/trained-model.js';
import { sizeAtScale } from '../inference/views.js';
import { drawFormulaPicture } from '../synthesis/formula/picture.js';
import { equalShare } from './measure/measure-file.js';
import { chooseLayers } from './quantization/choose-layers.js';
import { valuesOf } from './quantization/layers.js';

/** Share of the pixels of the pictures that may get another class: half of what is promised of other pictures. */
const MOST_CHANGED = 5e-5;
/** Longest side of the pictures; what rounding does hardly depends on it. */
const LONGEST_SIDE = 192;
/** Of all pictures together, so that the share above is several of them. */
const FEWEST_PIXELS = 150_000;
/** The same where the weights are put in order. */
const RANKED_SIDE = 96;

/**
 * Numbers of the largest network that is looked at so: beyond it takes minutes, and each weight counts for less. Of SegNeXts that had learned
 * for 150 steps, which are beyond, 99.995 % of the pixels and more kept their class with all weights in 16 bits.
 */
const MOST_NUMBERS = 3e6;

/** How it is found out. */
export interface HalvesOptions {
  /** Threads of ONNX Runtime. Default: all that the process may use. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A constant that would become halves. */
interface Weights {
  readonly tensor: Tensor;
  readonly data: Float32Array;
  readonly shape: Shape;
  /** Its values rounded. */
  readonly halves: Tensor;
}

const known = new WeakMap<TrainedModel, Promise<IsHalf>>();
/** Weights that stay in 32 bits, by the file of the network: a model that is exported to several formats is opened for each of them. */
const keptByFile = new Map<string, ReadonlySet<string>>();

/**
 * Which weights may be halves so that the network says the same of pictures by formula. Where it would not with all of them, as few as
 * possible are left in 32 bits: those first whose rounding alone does most to the logits, for each byte that they take. Found once for a model.
 *
 * @throws OtxError `aborted` when the signal fired.
 */
export async function halvesOf(trained: TrainedModel, options: HalvesOptions = {}): Promise<IsHalf> {
  const numbers = [...trained.state.values()].reduce((sum, { length }) => sum + length, 0);
  if (numbers > MOST_NUMBERS) return fitsHalves;
  const found = known.get(trained) ?? chooseHalves(trained, options);
  known.set(trained, found);
  found.catch(() => known.delete(trained));
  return found;
}

async function chooseHalves(trained: TrainedModel, { threads, signal }: HalvesOptions): Promise<IsHalf> {
  const seen = graphAt(trained, LONGEST_SIDE, 'labels');
  const ranked = graphAt(trained, RANKED_SIDE, 'logits');
  if (!seen || !ranked) return fitsHalves;
  const exactFile = encodeGraph({ inputs: seen.inputs, outputs: seen.outputs }, {});
  const file = createHash('sha256').update(exactFile).digest('hex');
  const keptBefore = keptByFile.get(file);
  if (keptBefore) return allBut(keptBefore);
  const keep = (kept: ReadonlySet<string>): IsHalf => {
    keptByFile.set(file, kept);
    return allBut(kept);
  };
  const engine = await createEngine(threads === undefined ? {} : { threads });
  /** What a graph says of batches of pictures, each with further inputs. */
  const look = async (file: Uint8Array, size: Size, batches: readonly Feeds[]) => {
    const network = await engine.load(file);
    try {
      const found: TensorData[] = [];
      for (const { picture, ...others } of batches) {
        throwIfAborted(signal, 'it was found out which weights may have 16 bits');
        const input = { dtype: 'float32', shape: [TRACED_BATCH, 3, size.height, size.width] } as const;
        const outputs = await network.run({ input: { ...input, data: picture }, ...others });
        found.push(outputs.output!.data);
      }
      return found;
    } finally {
      await network.release();
    }
  };
  const classes = trained.classes.length;
  const { size, inputs, outputs } = seen;
  const candidates = candidatesIn(outputs.output!);
  const count = Math.ceil(FEWEST_PIXELS / (TRACED_BATCH * size.width * size.height));
  const pictures = Array.from({ length: count }, (_, i) => ({ picture: picturesOf(size, classes, i) }));
  const labelsOf = (bytes: Uint8Array) => look(bytes, size, pictures) as Promise<Uint8Array[]>;
  const labelsWith = (some: readonly Weights[]) => {
    const output = rounded(outputs.output!, some);
    return labelsOf(encodeGraph({ inputs, outputs: { output } }, {}));
  };
  try {
    const exact = await labelsOf(exactFile);
    const changedBy = async (some: readonly Weights[]) => 1 - equalShare(await labelsWith(some), exact);
    if (candidates.length === 0 || (await changedBy(candidates)) <= MOST_CHANGED) return keep(new Set());
    const harm = await harmOf(candidates, ranked);
    const worst = candidates.toSorted((a, b) => harm.get(keyOf(b))! - harm.get(keyOf(a))!);
    const { exact: most } = await chooseLayers(worst, MOST_CHANGED, async (some) => ({
      drop: await changedBy(some),
      found: undefined,
    }));
    return keep(new Set(worst.slice(0, most).map(keyOf)));
  } finally {
    await engine.dispose();
  }

  /** What rounding each of the weights alone does to the logits, in squares by byte. */
  async function harmOf(
    candidates: readonly Weights[],
    { size: small, inputs, outputs }: SizedGraph,
  ): Promise<ReadonlyMap<string, number>> {
    const same = candidatesIn(outputs.output!);
    const { switches, output } = withSwitches(outputs.output!, same);
    const file = encodeGraph({ inputs: [...inputs, switches], outputs: { output } }, {});
    const picture = picturesOf(small, classes, 0);
    const feeds = [-1, ...same.keys()].map((only): Feeds => {
      const data = Float32Array.from(same, (_, i) => (i === only ? 1 : 0));
      return { picture, rounded: { dtype: 'float32', shape: [same.length], data } };
    });
    const [plain, ...found] = (await look(file, small, feeds)) as Float32Array[];
    const harms = new Map(candidates.map((one) => [keyOf(one), 0]));
    for (const [i, one] of same.entries())
      harms.set(keyOf(one), squaredDistance(found[i]!, plain!) / one.data.length);
    return harms;
  }
}

/** @param kept weights that stay in 32 bits, by {@link keyOf} */
const allBut =
  (kept: ReadonlySet<string>): IsHalf =>
  (data, shape) =>
    fitsHalves(data, shape) && !(kept.size > 0 && kept.has(keyOf({ data, shape })));

interface SizedGraph extends NetworkGraph {
  readonly size: Size;
}

/** The network for small pictures; undefined for one of another tool that takes no other size or number of images than its own. */
function graphAt(trained: TrainedModel, side: number, output: 'labels' | 'logits'): SizedGraph | undefined {
  const { width, height } = trained.inputSize;
  const size = sizeAtScale(trained.inputSize, Math.min(side / Math.max(width, height), 1));
  try {
    return { size, ...networkGraph({ ...trained, inputSize: size }, { batch: TRACED_BATCH, output }) };
  } catch (error) {
    if (error instanceof OtxError) return undefined;
    throw error;
  }
}

/** Inputs of a run. */
interface Feeds {
  readonly picture: Float32Array;
  readonly rounded?: { readonly dtype: 'float32'; readonly shape: Shape; readonly data: Float32Array };
}

function candidatesIn(output: Tensor): readonly Weights[] {
  return reachableNodes([output]).flatMap((node): Weights[] => {
    if (node.op !== 'constant') return [];
    const { data, type } = node.attributes;
    if (!(data instanceof Float32Array && fitsHalves(data, type.shape))) return [];
    const halves = constant(fromHalves(toHalves(data)), [...type.shape]);
    return [{ tensor: node.outputs[0]!, data, shape: type.shape, halves }];
  });
}

function rounded(output: Tensor, some: readonly Weights[]): Tensor {
  const halves = new Map(some.map((one) => [one.tensor, one]));
  const [result] = rewrite([output], (node) => {
    const one = halves.get(node.outputs[0]!);
    return one && [one.halves];
  });
  return result!;
}

/**
 * The logits of a network with an input `rounded` besides, float32 [n]: 0 for weights as they are, 1 for halves. One file for all of them,
 * since rounding each alone in a file of its own takes a file for each.
 */
function withSwitches(logits: Tensor, candidates: readonly Weights[]) {
  const switches = input('rounded', 'float32', [candidates.length]);
  const indices = new Map(candidates.map(({ tensor }, i) => [tensor, i]));
  const [output] = rewrite([logits], (node) => {
    const i = indices.get(node.outputs[0]!);
    if (i === undefined) return undefined;
    const { data, shape, halves } = candidates[i]!;
    const error = valuesOf(halves).map((half, k) => half - data[k]!);
    const [own, difference] = [data, error].map((values) => constant(values, [...shape]));
    return [add(own!, mul(difference!, slice(switches, 0, i, i + 1)))];
  });
  return { switches, output: output! };
}

/** Planes of a batch of pictures by formula. */
function picturesOf(size: Size, classes: number, batch: number): Float32Array {
  const pixels = 3 * size.width * size.height;
  const planes = new Float32Array(TRACED_BATCH * pixels);
  for (let i = 0; i < TRACED_BATCH; i++) {
    const drawn = drawFormulaPicture({
      side: Math.max(size.width, size.height),
      classes: Math.max(classes, 2),
      pictures: 'surfaces',
      key: `halves ${batch * TRACED_BATCH + i}`,
    });
    planes.set(networkInput({ ...drawn, data: drawn.image }, size), i * pixels);
  }
  return planes;
}

function squaredDistance(found: Float32Array, exact: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < exact.length; i++) sum += (found[i]! - exact[i]!) ** 2;
  return sum;
}

/** Graphs of several sizes and forms have constants of their own, with equal weights. */
const keyOf = ({ data, shape }: { readonly data: TensorData; readonly shape: Shape }): string =>
  createHash('sha1')
    .update(`${shape} `)
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
