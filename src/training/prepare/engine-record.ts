/** @file What computed a run, as its checkpoints say it: the last bits of all results depend on it. */

import type { EngineChoice } from '../../engine/engine.js';
import type { ResumeInfo } from '../../runs/checkpoint.js';
import type { TrainingSession } from '../session.js';

/** What checkpoints say of it. */
export const recordOf = ({ kind, device }: EngineChoice): Pick<ResumeInfo, 'engine' | 'device'> => ({
  engine: kind,
  ...(device === undefined ? {} : { device }),
});

/** Says so where a run is not computed as it was asked for, or as it was before. */
export function warnOfEngine(
  { engine, notMixed }: Pick<TrainingSession, 'engine' | 'notMixed'>,
  earlier: Parameters<typeof warnOfOtherEngine>[1],
  notice: (message: string) => void,
): void {
  warnOfOtherEngine(engine, earlier, notice);
  const place = engine.device ?? 'the processor';
  if (notMixed) notice(`mixed precision is not used on ${place}: ${notMixed}; steps are computed in float32`);
}

/** Says so where a run cannot go on bit by bit. @param earlier of the run that goes on; those of earlier versions had `stock` */
export function warnOfOtherEngine(
  { kind, device }: EngineChoice,
  earlier: { readonly resume: Pick<ResumeInfo, 'engine' | 'device'> } | undefined,
  notice: (message: string) => void,
): void {
  if (!earlier) return;
  const { engine: before = 'stock', device: beforeOn } = earlier.resume;
  if (before === kind && beforeOn === device) return;
  const named = (engine: string, on: string | undefined) =>
    on === undefined ? `the ${engine} engine` : `the ${engine} engine on ${on}`;
  notice(
    `the run had ${named(before, beforeOn)} and goes on with ${named(kind, device)}: its results differ in the last bits from ` +
      'those that it would have had',
  );
}
