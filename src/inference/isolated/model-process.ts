/**
 * @file The process in which a model from elsewhere runs. It watches its own memory, of which the runtime takes as much as a
 * model asks for, and ends itself beyond the limit or when nobody listens any more. ONNX Runtime works on the engine's
 * thread, so that this one stays free to watch, to take in the next image and to find the classes of the last one; only looking
 * through the file blocks it, which is timed by the caller.
 */
import { messageOf } from '../../base/errors.js';
import { type LanedModel, lanesFor, loadLaned } from '../../engine/lanes.js';
import { inspectModel } from '../../graph/onnx/inspect-model.js';
import { logitsOf } from '../../graph/onnx/logits-of.js';
import type { Classified, Scale } from '../class-map.js';
import { classifyAnswer } from '../classify-answer.js';
import { fileInput } from '../file-form.js';
import { limitsOf, sizeProblem } from './limits.js';
import type { Answer, ClassifyRequest, Reply, Request, SentRequest } from './protocol.js';

const LOOK_MILLISECONDS = 20;
/** Sides of inputs that the file leaves open. */
const USUAL_SIDE = 512;

let limit = Number.POSITIVE_INFINITY;
let model: LanedModel | undefined;
/** What the model that runs gives: of one that ends with a softmax, what comes before it. */
let gives: Scale = 'probabilities';

const send = (reply: Reply, then?: () => void): void => {
  process.send?.(reply, then ?? (() => undefined));
};

/** At once, whatever native code is at work. */
const end = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

setInterval(() => {
  if (process.memoryUsage.rss() <= limit) return;
  send({ kind: 'memory', limit }, end);
  setTimeout(end, LOOK_MILLISECONDS);
  limit = Number.POSITIVE_INFINITY;
}, LOOK_MILLISECONDS);

async function load({
  model: bytes,
  threads,
  largestWeight,
  limits,
  segments,
}: Request & { kind: 'load' }): Promise<Answer> {
  limit = limits.memory ?? limitsOf(bytes.length, 0).memory;
  const { input, metadata, weights } = inspectModel(bytes, largestWeight);
  const [height = USUAL_SIDE, width = USUAL_SIDE] = input;
  // Weights may be stored in fewer bytes than they are computed with.
  const loaded = Math.max(bytes.length, Float32Array.BYTES_PER_ELEMENT * weights);
  const problem = sizeProblem(loaded, height, width);
  if (problem !== undefined) throw new Error(problem);
  const lanes = lanesFor(threads);
  const all = { ...limitsOf(loaded, height * width, lanes > 1 ? 1 + lanes : 1), ...limits };
  limit = all.memory;
  send({ kind: 'limits', limits: all });
  const logits = segments ? logitsOf(bytes, 'output') : undefined;
  if (logits) gives = 'logits';
  model = await loadLaned(logits ?? bytes, { threads, cache: false });
  const { inputs, outputs, atOnce } = model;
  return { kind: 'loaded', inputs, outputs, metadata, atOnce };
}

/** Undefined for what no network for these classes gives. */
async function classesOf({
  picture,
  answer,
  form,
  size,
  probabilities,
}: ClassifyRequest): Promise<Classified | undefined> {
  const input = { dtype: 'float32', ...fileInput(picture, answer.inputSize, form) } as const;
  const { output } = await (model as LanedModel).run({ input });
  return classifyAnswer(output?.data, { ...answer, scale: gives, output: form.output }, size, probabilities);
}

async function answerTo(request: Request): Promise<Answer> {
  switch (request.kind) {
    case 'load':
      return load(request);
    case 'run':
      return { kind: 'ran', outputs: await (model as LanedModel).run(request.inputs) };
    case 'classify':
      return { kind: 'classified', classified: await classesOf(request) };
  }
}

process.on('message', ({ id, request }: SentRequest) => {
  answerTo(request)
    .catch((error: unknown): Answer => ({ kind: 'failed', reason: messageOf(error) }))
    .then((answer) => send({ id, answer }));
});
process.on('disconnect', end);
// Ctrl-C reaches the whole group of processes; the caller decides what becomes of this one.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
