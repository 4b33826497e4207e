/** @file The golden values of one network, typed, and the network itself built by this project with the same weights. */
import type { Shape } from '../../src/graph/index.js';
import { createSegmentor, type Segmentor } from '../../src/models/index.js';
import { goldenWeight, readFloats, readGoldenJson } from '../golden.js';

/** Norm and probe. */
export type Fingerprint = readonly [number, number];

export interface TrainingCase {
  /** Seed string of the images. */
  readonly input_key: string;
  readonly shape: Shape;
  readonly loss: number;
  readonly grad_global_norm: number;
  readonly zero_grad_params: readonly string[];
  readonly grad_input: { readonly l2: number; readonly probe: number };
  readonly grads_all: Readonly<Record<string, Fingerprint>>;
  readonly grads_full: Readonly<Record<string, { readonly data: readonly number[] }>>;
  readonly buffers_full: Readonly<Record<string, readonly number[]>>;
  readonly buffers_all: Readonly<Record<string, Fingerprint | number>>;
}

/** How far PyTorch's float32 gradients are from the float64 truth. */
export interface TrainingDeviation {
  readonly grad_median: number;
  readonly grad_p95: number;
  readonly grad_max: number;
  readonly grad_global: number;
  readonly grad_input: number;
}

export interface GoldenModel {
  readonly name: string;
  readonly segmentor: Segmentor;
  readonly prng_check: {
    readonly fnv1a32_input: number;
    readonly mulberry_input_first4: readonly number[];
    readonly input_b_first4: readonly number[];
    readonly label_a_first16: readonly number[];
    readonly label_hist: Readonly<Record<string, Readonly<Record<string, number>>>>;
    readonly params: readonly (readonly [string, readonly number[], number, number])[];
  };
  readonly inputs: Readonly<Record<string, Shape>>;
  readonly train: Readonly<Record<string, TrainingCase>>;
  readonly deviation: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Shape of every state-dict entry. */
  readonly shapes: ReadonlyMap<string, Shape>;
}

export const NUM_CLASSES = 5;

/** Golden name → name of the network here. */
export const networks: Readonly<Record<string, string>> = {
  lite_hrnet_s_mini: 'lite-hrnet-s',
  lite_hrnet_18_mini: 'lite-hrnet-18',
  lite_hrnet_x_mini: 'lite-hrnet-x',
  lite_hrnet_s_mod2: 'lite-hrnet-s',
  lite_hrnet_18_mod2: 'lite-hrnet-18',
  lite_hrnet_x_mod3: 'lite-hrnet-x',
  segnext_t: 'segnext-t',
  segnext_s: 'segnext-s',
  segnext_b: 'segnext-b',
};

export function readGoldenModel(name: string): GoldenModel {
  const json = readGoldenJson<
    GoldenModel & {
      override?: { extra: { stages_spec: { num_modules: number[]; num_blocks: number[] } } } | null;
    }
  >(`networks/${name}.json`);
  const stages = json.override?.extra.stages_spec;
  const keys = readGoldenJson<[string, number[], string][]>(`networks/${name}.keys.json`);
  return {
    ...json,
    name,
    shapes: new Map(keys.map(([key, shape]) => [key, shape])),
    segmentor: createSegmentor(networks[name]!, {
      numClasses: NUM_CLASSES,
      ...(stages ? { override: { modules: stages.num_modules, blocks: stages.num_blocks } } : {}),
    }),
  };
}

/** Of the network that was asked for last: drawing millions of numbers takes longer than what is done with them. */
let latest: { readonly name: string; readonly weights: ReadonlyMap<string, Float32Array> } | undefined;

export function goldenWeights(model: GoldenModel): ReadonlyMap<string, Float32Array> {
  if (latest?.name !== model.name) {
    const weights = new Map([...model.shapes].map(([key, shape]) => [key, goldenWeight(key, shape)]));
    latest = { name: model.name, weights };
  }
  return latest.weights;
}

/** The same weights with running statistics that fit them. */
export function calibratedWeights(model: GoldenModel): ReadonlyMap<string, Float32Array> {
  const weights = new Map(goldenWeights(model));
  const values = readFloats(`networks/${model.name}.cal.f32`);
  const index = readGoldenJson<[string, number, number][]>(`networks/${model.name}.cal.json`);
  for (const [key, offset, count] of index) weights.set(key, values.slice(offset, offset + count));
  return weights;
}
