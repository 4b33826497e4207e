/** @file Weights from elsewhere against the variables of a model: what fits, and a report of what does not. */

import { OtxError } from '../base/errors.js';
import type { WeightTensor } from './stored-tensor.js';
import { unquoted } from './unusable.js';

/** What a model needs: a name of the state dict and its shape. */
export interface WantedVariable {
  readonly key: string;
  readonly shape: readonly number[];
}

/** A tensor whose name fits and whose shape does not. */
export interface Mismatch {
  readonly key: string;
  readonly found: readonly number[];
  readonly wanted: readonly number[];
}

/** Names are in the order of the model, unexpected ones in that of the file. */
export interface WeightMatch {
  /** What can be used as it is, by name. */
  readonly loaded: ReadonlyMap<string, WeightTensor>;
  /** Variables that keep their initial values. */
  readonly missing: readonly string[];
  /** Tensors of the file that the model has no use for. */
  readonly unexpected: readonly string[];
  readonly mismatched: readonly Mismatch[];
  /** Human-readable, of one line or more, without a line break at the end. */
  readonly report: string;
}

export interface MatchOptions {
  /** File name for the report. */
  readonly source: string;
  /** Refuse when too little of the model's backbone is in the file: set where a backbone was asked for. */
  readonly expectBackbone: boolean;
}

/** Share of a backbone that has to be there when one was asked for. */
export const REQUIRED_SHARE = 0.95;

const BACKBONE_PREFIX = 'backbone.';
/** Counters of batch norm: old files lack them and nothing depends on them, so they are not counted. */
const COUNTER = /\.num_batches_tracked$/;
const LISTED = 8;

/**
 * Matches by name and shape.
 *
 * @throws OtxError `checkpoint` when a backbone is expected and less than 95 % of its tensors fit.
 */
export function matchWeights(
  tensors: ReadonlyMap<string, WeightTensor>,
  wanted: readonly WantedVariable[],
  { source, expectBackbone }: MatchOptions,
): WeightMatch {
  const loaded = new Map<string, WeightTensor>();
  const missing: string[] = [];
  const mismatched: Mismatch[] = [];
  for (const { key, shape } of wanted) {
    const tensor = tensors.get(key);
    if (tensor && isSameShape(tensor.shape, shape)) loaded.set(key, tensor);
    else if (tensor) mismatched.push({ key, found: tensor.shape, wanted: shape });
    else if (!COUNTER.test(key)) missing.push(key);
  }
  const known = new Set(wanted.map(({ key }) => key));
  const unexpected = [...tensors.keys()].filter((key) => !known.has(key) && !COUNTER.test(key));
  const report = describe(source, wanted, { loaded, missing, unexpected, mismatched });
  if (expectBackbone) checkBackbone(source, wanted, loaded, [...mismatched.map(nameWithShapes), ...missing]);
  return { loaded, missing, unexpected, mismatched, report };
}

function checkBackbone(
  source: string,
  wanted: readonly WantedVariable[],
  loaded: ReadonlyMap<string, WeightTensor>,
  absent: readonly string[],
): void {
  const names = counted(wanted).filter((key) => key.startsWith(BACKBONE_PREFIX));
  const found = names.filter((key) => loaded.has(key)).length;
  if (names.length > 0 && found >= REQUIRED_SHARE * names.length) return;
  const examples = absent.filter((name) => name.startsWith(BACKBONE_PREFIX));
  throw new OtxError(
    'checkpoint',
    `${source}: only ${found} of ${names.length} tensors of the backbone fit, at least ${100 * REQUIRED_SHARE} % are expected; ` +
      `it belongs to another model (not there: ${listSome(examples)})`,
  );
}

function describe(
  source: string,
  wanted: readonly WantedVariable[],
  { loaded, missing, unexpected, mismatched }: Omit<WeightMatch, 'report'>,
): string {
  const names = counted(wanted);
  const found = names.filter((key) => loaded.has(key)).length;
  const details = [
    ['missing, keep their initial values', missing],
    ['of another shape, keep their initial values', mismatched.map(nameWithShapes)],
    ['unexpected, not used', unexpected],
  ] as const;
  return [
    `loaded ${found} of ${names.length} tensors from ${source}`,
    ...details
      .filter(([, items]) => items.length > 0)
      .map(([what, items]) => `  ${items.length} ${what}: ${listSome(items)}`),
  ].join('\n');
}

function counted(wanted: readonly WantedVariable[]): string[] {
  return wanted.map(({ key }) => key).filter((key) => !COUNTER.test(key));
}

function nameWithShapes({ key, found, wanted }: Mismatch): string {
  return `${key} [${found}] instead of [${wanted}]`;
}

function listSome(items: readonly string[]): string {
  const rest = items.length - LISTED;
  return items.slice(0, LISTED).map(unquoted).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function isSameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((side, axis) => side === b[axis]);
}
