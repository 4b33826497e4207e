/** @file Messages between the caller of a model from elsewhere and the process in which it runs. */
import type { NetworkPicture } from '../../data/images/network-input.js';
import type { Size } from '../../data/index.js';
import type { ModelValue, TensorValue } from '../../engine/protocol.js';
import type { AnswerOf, Classified } from '../class-map.js';
import type { FileForm } from '../file-form.js';

/** How much a model may take. */
export interface Limits {
  /** Bytes of memory of the whole process. */
  readonly memory: number;
  /** Of reading the model, and of each run. */
  readonly milliseconds: number;
}

export type Request =
  | {
      readonly kind: 'load';
      readonly model: Uint8Array;
      readonly threads: number | undefined;
      readonly largestWeight: number;
      /** Only classes are asked for: the softmax at its end may be left out. */
      readonly segments: boolean;
      /** Instead of those that follow from the model. */
      readonly limits: Partial<Limits>;
    }
  | { readonly kind: 'run'; readonly inputs: Readonly<Record<string, TensorValue>> }
  /** Classes of an image: a picture of a million pixels is less to send back than what the network says of it. */
  | ({ readonly kind: 'classify' } & ClassifyRequest);

export interface ClassifyRequest {
  /** At the size of the input. */
  readonly picture: NetworkPicture;
  readonly answer: AnswerOf;
  readonly form: FileForm;
  /** Of the image. */
  readonly size: Size;
  readonly probabilities: boolean;
}

/** A request as it is sent; its answer has the same number. */
export interface SentRequest {
  readonly id: number;
  readonly request: Request;
}

/** What comes back: an answer with the number of its request, or news of the process. */
export type Reply = { readonly id: number; readonly answer: Answer } | News;

/** Of the process itself. */
export type News =
  /** The process may take this much from now on. */
  | { readonly kind: 'limits'; readonly limits: Limits }
  /** The last message: the limit of the memory was passed. */
  | { readonly kind: 'memory'; readonly limit: number };

export type Answer =
  | {
      readonly kind: 'loaded';
      readonly inputs: readonly ModelValue[];
      readonly outputs: readonly ModelValue[];
      readonly metadata: Readonly<Record<string, string>>;
      /** As many images at once are worth asking for. */
      readonly atOnce: number;
    }
  | { readonly kind: 'ran'; readonly outputs: Readonly<Record<string, TensorValue>> }
  /** Undefined when the answer is not what a network that segments gives. */
  | { readonly kind: 'classified'; readonly classified: Classified | undefined }
  | { readonly kind: 'failed'; readonly reason: string };
