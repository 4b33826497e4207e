/** @file Messages between the engine (caller's thread) and the session worker (its own thread). */
import type { DType, Shape, TensorData } from '../graph/tensor.js';
import type { Job, SessionSettings, SessionTarget } from './settings.js';

export interface NamedType {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** How the named values of a step's model file are fed and fetched. */
export interface StepBinding {
  readonly inputs: readonly NamedType[];
  readonly scalars: readonly string[];
  readonly packs: readonly {
    readonly name: string;
    readonly size: number;
    readonly updated: boolean;
    /** Whether the model file says if the pack is finite after the step. Default false. */
    readonly looked?: boolean;
  }[];
  readonly outputs: readonly NamedType[];
  readonly commitIfFinite?: string;
}

/** A tensor with its shape known only at run time. */
export interface TensorValue {
  /** Type of the elements. */
  readonly dtype: DType;
  /** Sizes of the dimensions, outermost first. */
  readonly shape: Shape;
  /** Values in row-major order, in the array that belongs to the type. */
  readonly data: TensorData;
}

/** An input or output of a model file. */
export interface ModelValue {
  /** As in the file. */
  readonly name: string;
  /** Type of the elements. */
  readonly dtype: DType;
  /** Sizes of the dimensions; a string is the name of one that is free. */
  readonly shape: readonly (number | string)[];
}

/** A vector that is summed over several runs, of which the last one turns the packs into the mean. */
export interface ReduceRequest {
  /** By name; each is added to the sum with all that it holds. */
  readonly packs: readonly string[];
  /** Numbers beside them; as float32. */
  readonly values: readonly number[];
  /** Whether the sum begins. */
  readonly isFirst: boolean;
  /** How many addends the sum has, if this is the last one; the packs then hold the mean, and the answer has that of the values. */
  readonly count?: number | undefined;
}

/** Requests, with the type of the answer. */
export interface Requests {
  compile: {
    request: { model: Uint8Array; settings: SessionSettings; target: SessionTarget; binding: StepBinding };
    reply: { session: number };
  };
  load: {
    request: { model: Uint8Array; settings: SessionSettings };
    reply: { session: number; inputs: readonly ModelValue[]; outputs: readonly ModelValue[] };
  };
  /** Inputs are handed over and handed back, so that the same memory serves every run. */
  run: {
    request: { session: number; inputs: readonly TensorData[]; scalars: readonly number[] };
    reply: {
      inputs: readonly TensorData[];
      outputs: readonly TensorData[];
      committed: boolean;
      milliseconds: number;
    };
  };
  /** Runs of several batches whose norms share their statistics; packs and `values` get the mean of what all make of them. */
  runTogether: {
    request: {
      session: number;
      parts: readonly (readonly TensorData[])[];
      scalars: readonly number[];
      /** Places of the outputs of one value whose mean is wanted. */
      values: readonly number[];
      /** Batches of all processes. */
      count: number;
    };
    reply: {
      parts: readonly (readonly TensorData[])[];
      /** Of the last batch. */
      outputs: readonly TensorData[];
      means: readonly number[];
    };
  };
  /** From now on `reduce` and `runTogether` are those of all processes of the job. */
  join: { request: Job; reply: undefined };
  /** Adds what the packs hold, and the values, to a sum; see {@link ReduceRequest}. */
  reduce: { request: ReduceRequest; reply: { values: readonly number[] } };
  runModel: {
    request: { session: number; inputs: Readonly<Record<string, TensorValue>> };
    reply: { outputs: Readonly<Record<string, TensorValue>> };
  };
  setState: { request: { pack: string; data: Float32Array }; reply: undefined };
  getState: { request: { pack: string }; reply: Float32Array };
  release: { request: { session: number }; reply: undefined };
  close: { request: undefined; reply: undefined };
}

export type RequestKind = keyof Requests;

export type RequestMessage = {
  [K in RequestKind]: { readonly id: number; readonly kind: K; readonly body: Requests[K]['request'] };
}[RequestKind];

export type ReplyMessage =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string };
