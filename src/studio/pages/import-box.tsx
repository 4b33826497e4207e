/** @file Brings in a folder or a zip file of any format that data sets have: file by file, archives unpacked in the browser. */

import { DropBox } from '../../page-parts/drop-box.js';
import { type DroppedFile, isHidden, unpacked } from '../../page-parts/files.js';
import { send } from './api.js';
import { attempt, change } from './store.js';

/** Takes what is dropped, or chosen by the keyboard. */
export function ImportBox() {
  return (
    <DropBox
      legend="Bring in"
      text="Drop a folder or a zip file of pictures, or of a data set of any format."
      inputs={[
        { label: 'Zip file', accept: '.zip' },
        { label: 'Folder', isFolder: true },
      ]}
      onFiles={(files) => void attempt(async () => bringIn(await files))}
    />
  );
}

async function bringIn(given: readonly DroppedFile[]): Promise<void> {
  const [first] = given;
  if (!first) return;
  const name =
    first.path
      .split('/')[0]!
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
