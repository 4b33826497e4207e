/** @file Brings in a folder or a zip file of any format that data sets have: file by file, archives unpacked in the browser. */

import { useState } from 'preact/hooks';
import { type DroppedFile, droppedFiles, isHidden, unpacked } from '../../page-parts/files.js';
import { send } from './api.js';
import { attempt, change } from './store.js';

/** Takes what is dropped, or chosen by the keyboard. */
export function ImportBox() {
  const [isOver, setOver] = useState(false);
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const entries = [...(event.dataTransfer?.items ?? [])].flatMap((item) => item.webkitGetAsEntry() ?? []);
    void attempt(async () => bringIn(entries[0]?.name ?? 'import', await droppedFiles(entries)));
  };
  const onChoose = (event: Event) => {
    const chosen = [...((event.currentTarget as HTMLInputElement).files ?? [])];
    const files = chosen.map((file) => ({ path: file.webkitRelativePath || file.name, content: file }));
    void attempt(() => bringIn(files[0]?.path.split('/')[0] ?? 'import', files));
  };
  return (
    <fieldset
      class={isOver ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <legend>Bring in</legend>
      <p class="quiet">Drop a folder or a zip file of pictures, or of a data set of any format.</p>
      <label>
        Zip file <input type="file" accept=".zip" onChange={onChoose} />
      </label>
      <label>
        Folder <input type="file" {...{ webkitdirectory: true }} onChange={onChoose} />
      </label>
    </fieldset>
  );
}

async function bringIn(label: string, given: readonly DroppedFile[]): Promise<void> {
  if (given.length === 0) return;
  const name =
    label
      .replace(/\.zip$/i, '')
      .replace(/[^\w-]+/g, '_')
      .slice(0, 60) || 'import';
  const files = (await Promise.all(given.map(unpacked))).flat().filter(({ path }) => !isHidden(path));
  try {
    for (const [at, { path, content }] of files.entries()) {
      await send('PUT', `api/imports/${name}/${path.split('/').map(encodeURIComponent).join('/')}`, content);
      change({ progress: `bringing in ${name}: ${at + 1} of ${files.length} files` });
    }
    change({ progress: `looking at ${name} …` });
    await send('POST', `api/imports/${name}`);
  } finally {
    change({ progress: undefined });
  }
}
