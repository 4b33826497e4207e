/** @file Entry of a data thread: runs one task and moves the result to the main thread without copying it. */
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { type ErrorCode, messageOf, OtxError } from '../../base/errors.js';
import { TASKS } from './tasks.js';

export type TaskName = keyof typeof TASKS;

export interface TaskRequest {
  readonly name: TaskName;
  readonly task: unknown;
}

/** Errors travel as data: structured cloning would strip them of their class and code. */
export type TaskOutcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

export async function runTask({ name, task }: TaskRequest): Promise<unknown> {
  let outcome: TaskOutcome;
  try {
    const run = TASKS[name] as (task: unknown) => Promise<unknown>;
    outcome = { ok: true, value: await run(task) };
  } catch (error) {
    const code = error instanceof OtxError ? error.code : 'image';
    outcome = { ok: false, code, message: messageOf(error) };
  }
  return move({ [transferableSymbol]: buffersOf(outcome), [valueSymbol]: outcome });
}

/** The unshared buffers directly inside a result. */
function buffersOf(outcome: TaskOutcome): ArrayBuffer[] {
  const members = outcome.ok ? Object.values(outcome.value as object) : [];
  const buffers = members.flatMap((member: unknown) =>
    ArrayBuffer.isView(member) && member.buffer instanceof ArrayBuffer ? [member.buffer] : [],
  );
  return [...new Set(buffers)];
}
