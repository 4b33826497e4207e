/**
 * @file The process in which a model from elsewhere runs. It watches its own memory, of which the runtime takes as much as a
 * model asks for, and ends itself beyond the limit or when nobody listens any more. ONNX Runtime works on the engine's
 * thread, so that this one stays free to watch; only looking through the file blocks it, which is timed by the caller.
 */
import { messageOf } from '../../base/errors.js';
import { inspectModel } from '../../graph/onnx/inspect-model.js';
import { type CompiledModel, createEngine } from '../engine.js';
import { limitsOf, sizeProblem } from './limits.js';
import type { Reply, Request } from './protocol.js';

const LOOK_MILLISECONDS = 20;
/** Sides of inputs that the file leaves open. */
const USUAL_SIDE = 512;

let limit = Number.POSITIVE_INFINITY;
let model: CompiledModel | undefined;

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
}: Request & { kind: 'load' }): Promise<void> {
  limit = limits.memory ?? limitsOf(bytes.length, 0).memory;
  const { input, metadata } = inspectModel(bytes, largestWeight);
  const [height = USUAL_SIDE, width = USUAL_SIDE] = input;
  const problem = sizeProblem(bytes.length, height, width);
  if (problem !== undefined) throw new Error(problem);
  const all = { ...limitsOf(bytes.length, height * width), ...limits };
  limit = all.memory;
  send({ kind: 'limits', limits: all });
  const engine = await createEngine({ ...(threads === undefined ? {} : { threads }), cache: false });
  model = await engine.load(bytes);
  send({ kind: 'loaded', inputs: model.inputs, outputs: model.outputs, metadata });
}

process.on('message', (request: Request) => {
  const work =
    request.kind === 'load'
      ? load(request)
      : (model as CompiledModel).run(request.inputs).then((outputs) => send({ kind: 'ran', outputs }));
  work.catch((error: unknown) => send({ kind: 'failed', reason: messageOf(error) }));
});
process.on('disconnect', end);
// Ctrl-C reaches the whole group of processes; the caller decides what becomes of this one.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
