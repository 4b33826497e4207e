/**
 * @file An exported model on whatever ONNX Runtime there is: that of a browser, or of a program without this package. Nothing
 * here needs Node; `otx predict` and all of these find classes by the same code.
 */

import { messageOf, OtxError } from '../base/errors.js';
import { createTurns } from '../base/turns.js';
import { inspectModel, type ModelFacts } from '../graph/onnx/inspect-model.js';
import { logitsOf } from '../graph/onnx/logits-of.js';
import { LARGEST } from '../weights/check-values.js';
import { classifyAnswer } from './classify-answer.js';
import { fileInput } from './file-form.js';
import { ENTRY_KEY, type FileReading, parseEntry } from './model-entry.js';
import { type OpenedModel, senseless } from './opened-model.js';

/** A model in a runtime. */
export interface PortableSession {
  /** Values of the output `output` for those of the input `input`, of this shape. One call at a time. */
  run(planes: Float32Array, shape: readonly number[]): Promise<unknown>;
  release(): Promise<void>;
}

/** Loads the bytes of an ONNX model. */
export type CreateSession = (model: Uint8Array) => Promise<PortableSession>;

/**
 * What an exported file says of itself.
 *
 * @param name of the file, for messages.
 * @throws OtxError `checkpoint` for a file that `otx export` has not written, or that holds what no network does.
 */
export function readingOfFile(model: Uint8Array, name: string): FileReading {
  let facts: ModelFacts;
  try {
    facts = inspectModel(model, LARGEST);
  } catch (error) {
    throw new OtxError(
      'checkpoint',
      `${name}: not a usable model (${messageOf(error)}); expected a model that "otx export" has written`,
      { cause: error },
    );
  }
  const entry = facts.metadata[ENTRY_KEY];
  if (entry === undefined) {
    throw new OtxError(
      'checkpoint',
      `${name}: does not name its classes (it has no metadata "${ENTRY_KEY}"); expected a model that "otx export" has ` +
        'written, of this version: export it again',
    );
  }
  const reading = parseEntry(entry, name);
  const { width, height } = reading.inputSize;
  const [rows, columns] = facts.input;
  if (rows !== height || columns !== width) {
    throw new OtxError(
      'checkpoint',
      `${name}: has an input of ${columns ?? '?'}x${rows ?? '?'}, its metadata "${ENTRY_KEY}" has ${width}x${height}`,
    );
  }
  return reading;
}

/** Opens an exported model on a runtime. @param name of the file, for messages. @throws OtxError `checkpoint` */
export async function openPortable(
  model: Uint8Array,
  name: string,
  createSession: CreateSession,
): Promise<OpenedModel> {
  const reading = readingOfFile(model, name);
  const { inputSize, form } = reading;
  const logits = logitsOf(model, 'output');
  const scale = logits ? 'logits' : 'probabilities';
  const answer = { ...reading, scale, output: form.output } as const;
  const session = await createSession(logits ?? model);
  const takeTurn = createTurns(1);
  return {
    ...reading,
    hasProbabilities: form.output === 'probabilities',
    atOnce: 1,
    classify: async (picture, size, probabilities = false) => {
      const { data: fed, shape } = fileInput(picture, inputSize, form);
      const data = await takeTurn(() => session.run(fed, shape));
      const classified = classifyAnswer(data, answer, size, probabilities);
      if (classified) return classified;
      const count = reading.classes.length * inputSize.height * inputSize.width;
      throw senseless(name, `what is not ${count} numbers of a network`);
    },
    dispose: () => session.release(),
  };
}
