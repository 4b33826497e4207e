/** @file The frame of the page: its parts by name, and what is to be said on all of them. */

import { render } from 'preact';
import { useRoute } from '../../page-parts/route.js';
import { graphicsCard, here } from '../../web/browser.js';
import { FilesPage } from './files-page.js';
import { PaintPage } from './paint-page.js';
import { PicturesPage } from './pictures-page.js';
import { guardLeaving } from './run.js';
import { change, useShared } from './store.js';
import { TrainPage } from './train-page.js';

const PARTS = [
  ['pictures', 'Pictures'],
  ['paint', 'Paint'],
  ['train', 'Train'],
  ['files', 'Files'],
] as const;

function App() {
  const [part = '', wanted] = useRoute();
  const { error, busy, notices } = useShared();
  const name = PARTS.some(([each]) => each === part) ? part : 'pictures';
  return (
    <>
      <header>
        <nav aria-label="Parts">
          {PARTS.map(([each, title]) => (
            <a key={each} href={`#/${each}`} aria-current={each === name ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <span class="quiet">Nothing leaves this tab.</span>
      </header>
      <div role="status">{busy && <div class="note">{busy} …</div>}</div>
      {error && (
        <div class="error" role="alert">
          {error}{' '}
          <button type="button" onClick={() => change({ error: undefined })}>
            Close
          </button>
        </div>
      )}
      {notices.length > 0 && (
        <div class="note">
          {notices.slice(-5).join('; ')}{' '}
          <button type="button" onClick={() => change({ notices: [] })}>
            Close
          </button>
        </div>
      )}
      <main>
        {name === 'pictures' && <PicturesPage />}
        {name === 'paint' && <PaintPage wanted={wanted} />}
        {name === 'train' && <TrainPage />}
        {name === 'files' && <FilesPage />}
      </main>
    </>
  );
}

guardLeaving();
void graphicsCard(here).then((card) => change({ card }));
render(<App />, document.getElementById('app')!);
