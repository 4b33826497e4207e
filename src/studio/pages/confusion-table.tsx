/** @file What is taken for what, as a table whose cells are chosen. */

import type { ConfusionMatrix } from '../../runs/metrics.js';
import { type ClassInfo, cssColor } from './api.js';
import type { Pair } from './look-api.js';

interface ConfusionProps {
  readonly matrix: ConfusionMatrix;
  readonly classes: readonly ClassInfo[];
  readonly pair: Pair | undefined;
  readonly onPair: (pair: Pair | undefined) => void;
}

/** Shares of the true pixels of each class; classes that do not occur are left out. */
export function ConfusionTable({ matrix, classes, pair, onPair }: ConfusionProps) {
  const { predicted, truth } = matrix.areas();
  const shown = classes.flatMap((info, index) =>
    predicted[index]! + truth[index]! > 0 ? [{ info, index }] : [],
  );
  return (
    <table class="confusion" aria-label="What is taken for what">
      <thead>
        <tr>
          <th scope="col">truth ↓ said →</th>
          {shown.map(({ info }) => (
            <th scope="col" key={info.name}>
              <span class="swatch" style={{ background: cssColor(info) }} />
              {info.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {shown.map(({ info, index: is }) => (
          <tr key={info.name}>
            <th scope="row">
              <span class="swatch" style={{ background: cssColor(info) }} />
              {info.name}
            </th>
            {shown.map(({ info: other, index: said }) => {
              const pixels = matrix.counts[is * matrix.classes + said]!;
              const share = 100 * (pixels / truth[is]!);
              const text = `${share.toFixed(1)} %`;
              const isChosen = pair !== undefined && pair[0] === is && pair[1] === said;
              return (
                <td key={other.name}>
                  {pixels > 0 && (
                    <button
                      type="button"
                      class={is === said ? 'right' : 'wrong'}
                      style={{ '--share': `${share.toFixed(1)}%` }}
                      aria-pressed={isChosen}
                      aria-label={`${text}, truth ${info.name}, said ${other.name}: ${pixels} pixels`}
                      title={`${pixels} pixels`}
                      onClick={() => onPair(isChosen ? undefined : [is, said])}
                    >
                      {text}
                    </button>
                  )}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
