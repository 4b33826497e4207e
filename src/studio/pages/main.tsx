/** @file The frame of the studio: its pages by name, and what is to be said on all of them. */

import { render } from 'preact';
import { keepFocus } from '../../page-parts/keep-focus.js';
import { useRoute } from '../../page-parts/route.js';
import { DataPage } from './data-page.js';
import { LabelPage } from './label-page.js';
import { LookPage } from './look-page.js';
import { NextPage } from './next-page.js';
import { ShipPage } from './ship-page.js';
import { change, listen, useShared } from './store.js';
import { TeachPage } from './teach-page.js';
import { TrainPage } from './train-page.js';

const PAGES = [
  ['data', 'Data'],
  ['label', 'Label'],
  ['train', 'Train'],
  ['teach', 'Teach'],
  ['look', 'Look'],
  ['next', 'Next'],
  ['ship', 'Ship'],
] as const;

function App() {
  const [page = '', ...rest] = useRoute();
  const { project, error, progress } = useShared();
  const name = PAGES.some(([each]) => each === page) ? page : 'data';
  return (
    <>
      <header>
        <button type="button" class="skip" onClick={() => document.querySelector('main')!.focus()}>
          To the page
        </button>
        <strong>otx studio</strong>
        <nav aria-label="Pages">
          {PAGES.map(([each, title]) => (
            <a key={each} href={`#/${each}`} aria-current={each === name ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <span class="quiet grow" title={project?.data}>
          {project?.data.split(/[\\/]/).at(-1)}
        </span>
        {project?.isReadOnly && <span class="tag">read-only</span>}
      </header>
      {error && (
        <div class="error" role="alert">
          {error}{' '}
          <button type="button" onClick={() => change({ error: undefined })}>
            Close
          </button>
        </div>
      )}
      {progress && (
        <div class="note" role="status">
          {progress}
        </div>
      )}
      {project?.state === 'opening' && (
        <div class="note" role="status">
          Looking for images …
        </div>
      )}
      {project?.state === 'failed' && (
        <div class="error" role="alert">
          {project.message}
        </div>
      )}
      <main tabIndex={-1}>
        {name === 'data' && <DataPage />}
        {name === 'label' && <LabelPage wanted={rest[0]} proposal={rest[1]} />}
        {name === 'train' && <TrainPage />}
        {name === 'teach' && <TeachPage />}
        {name === 'next' && <NextPage />}
        {name === 'look' && <LookPage wanted={rest[0]} />}
        {name === 'ship' && <ShipPage />}
      </main>
    </>
  );
}

listen();
const root = document.getElementById('app')!;
keepFocus(root);
render(<App />, root);
