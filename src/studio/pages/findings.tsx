/** @file What the doctor has found, beside the images it is about. */

import type { Check, Project } from './api.js';
import { send } from './api.js';
import { attempt } from './store.js';

interface FindingsProps {
  readonly check: Check | undefined;
  readonly project: Project;
  readonly isChecking: boolean;
  readonly onShow: (kind: string) => void;
}

/** A list of findings with a way to their images. */
export function Findings({ check, project, isChecking, onShow }: FindingsProps) {
  return (
    <fieldset>
      <legend>Findings</legend>
      {!project.isReadOnly && (
        <button type="button" disabled={isChecking} onClick={() => attempt(() => send('POST', 'api/check'))}>
          {isChecking ? 'Checking …' : 'Check the data'}
        </button>
      )}
      {check?.time && (
        <p class="quiet">
          of {check.time.slice(0, 15)}, {check.findings.length} findings
        </p>
      )}
      <ul class="findings">
        {project.problems.map((problem) => (
          <li key={problem}>{problem}</li>
        ))}
        {check?.findings.map(({ kind, title, message, remedy, keys }, index) => (
          <li key={`${kind}${index}`} title={remedy}>
            <strong>{title}</strong>: {message}{' '}
            {keys.length > 0 && (
              <button type="button" onClick={() => onShow(kind)}>
                show {keys.length}
              </button>
            )}
          </li>
        ))}
      </ul>
    </fieldset>
  );
}
