/** @file The one error type that users see: a code for programs, a message and a remedy for people. */

import { printable } from './text.js';

/** Machine-readable reason of an {@link OtxError}; stable across versions. */
export type ErrorCode =
  | 'usage'
  | 'dataset'
  | 'image'
  | 'template'
  | 'checkpoint'
  | 'graph'
  | 'engine'
  | 'output'
  | 'numeric'
  | 'aborted';

/**
 * An error with a message meant for the user: it names the file, what was found, what was expected and what to do.
 * The command line prints the message alone (no stack) and exits with 2 for `usage`, 128 and the
 * number of the signal for `aborted`, 1 otherwise.
 * Whatever a message quotes, it is printable: control characters are written as escapes.
 */
export class OtxError extends Error {
  /** Why it was thrown, for programs. */
  readonly code: ErrorCode;
  /** All sentences of a list of which the message may show only the beginning; empty where there is no list. */
  readonly problems: readonly string[];
  readonly #marked: string;

  /** @param message may mention options by {@link option}. */
  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; problems?: readonly string[] } = {},
  ) {
    super(
      printable(nameOptions(message, (name) => name)),
      'cause' in options ? { cause: options.cause } : undefined,
    );
    this.name = 'OtxError';
    this.code = code;
    this.problems = options.problems ?? [];
    this.#marked = message;
  }

  /** The message for use inside that of another OtxError: what it mentions as {@link option} stays an option. */
  get marked(): string {
    return this.#marked;
  }

  /** The message with other names for the options that it mentions. */
  messageWith(nameOf: (option: string) => string): string {
    return printable(nameOptions(this.#marked, nameOf));
  }
}

/** No path, name or number contains it. */
const MARK = '\0';

/**
 * An option inside the message of an {@link OtxError}, under its name in the public API, or `group.name` for a
 * hyper-parameter. The command line puts what its user types in the place of it.
 */
export function option(name: string): string {
  return `${MARK}${name}${MARK}`;
}

function nameOptions(message: string, nameOf: (option: string) => string): string {
  return message
    .split(MARK)
    .map((part, at) => (at % 2 === 1 ? nameOf(part) : part))
    .join('');
}

/** Text of an unknown thrown value, for use inside messages. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
