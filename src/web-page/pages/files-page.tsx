/** @file *Files*: what a training has left, and how programs go on with it. */

import { allFiles, save } from './give-away.js';
import { attempt, useShared } from './store.js';
import type { Run } from './types.js';

/** The page. */
export function FilesPage() {
  const { run, busy } = useShared();
  if (!run || (!run.result && !run.last)) {
    return (
      <>
        <h1>Files</h1>
        <p>
          There are none yet: the files of a training are here when it has ended. <a href="#/train">Train</a>.
        </p>
      </>
    );
  }
  return (
    <>
      <h1>Files</h1>
      <Score run={run} />
      <div class="row">
        <button
          type="button"
          class="main"
          disabled={busy !== undefined}
          onClick={() =>
            attempt('packing files', async () => save('otx-web.zip', await allFiles(run), 'application/zip'))
          }
        >
          All of them with the pictures: otx-web.zip
        </button>
      </div>
      <ul>
        {run.result && (
          <>
            <FileLine
              name="model.onnx"
              bytes={run.result.model}
              text="the network, for ONNX Runtime and otx/web"
            />
            <FileLine
              name="weights.safetensors"
              bytes={run.result.weights}
              text="the best weights, for otx eval, predict, export and train --load-weights"
            />
          </>
        )}
        {run.last && (
          <FileLine
            name="last.safetensors"
            bytes={run.last}
            text="all that otx train --resume-from, or this page, goes on with"
          />
        )}
      </ul>
      <h2>Go on in a terminal</h2>
      <p class="quiet">With Node.js 20 or newer, in the folder that otx-web.zip unpacks to:</p>
      <pre>{commands(run).join('\n')}</pre>
    </>
  );
}

function Score({ run: { result } }: { readonly run: Run }) {
  if (!result) return <p>The training has failed; this is what it had reached by its last check.</p>;
  if (!result.metrics) return <p>The last weights are kept: there were no pictures to check with.</p>;
  return (
    <p>
      Best weights: mean Dice {result.metrics.mDice.toFixed(3)} in epoch {result.bestEpoch}.
    </p>
  );
}

interface FileProps {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly text: string;
}

function FileLine({ name, bytes, text }: FileProps) {
  return (
    <li>
      <button type="button" onClick={() => save(name, bytes, 'application/octet-stream')}>
        {name}
      </button>{' '}
      {(bytes.length / 1e6).toFixed(1)} MB: {text}
    </li>
  );
}

/** For a shell. */
function commands({ pictures, epochs, result, card }: Run): string[] {
  const hasChecks = pictures.some(({ use }) => use === 'val');
  const test = hasChecks ? 'data/val' : 'data/train';
  const roots = `--train-data-roots data/train${hasChecks ? ' --val-data-roots data/val' : ''}`;
  // A run that a graphics card has computed wants one again; there may be none that Node can use.
  const more = card === undefined ? roots : `${roots} --device auto`;
  return [
    ...(result
      ? [
          `npx otx eval --load-weights run --test-data-roots ${test}`,
          'npx otx predict --load-weights run --input PHOTOS',
          'npx otx export --load-weights run',
        ]
      : []),
    `npx otx train --resume-from run ${more} params --learning_parameters.num_iters ${epochs * 2}`,
  ];
}
