/** @file Brings in a folder or a zip file of any format that data sets have: file by file, archives unpacked in the browser. */

import { type Unzipped, unzip } from 'fflate';
import { useState } from 'preact/hooks';
import { send } from './api.js';
import { attempt, change } from './store.js';

interface File_ {
  readonly path: string;
  readonly content: Blob;
}

const MOST_ARCHIVE_BYTES = 2 ** 30;

/** Takes what is dropped, or chosen by the keyboard. */
export function ImportBox() {
  const [isOver, setOver] = useState(false);
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const entries = [...(event.dataTransfer?.items ?? [])].flatMap((item) => item.webkitGetAsEntry() ?? []);
    void attempt(async () =>
      bringIn(entries[0]?.name ?? 'import', (await Promise.all(entries.map(filesIn))).flat()),
    );
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

/** All files below what was dropped. */
async function filesIn(entry: FileSystemEntry): Promise<File_[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ path: entry.fullPath.slice(1), content: file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: File_[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return found;
    for (const each of some) found.push(...(await filesIn(each)));
  }
}

async function unpacked({ path, content }: File_): Promise<File_[]> {
  if (!/\.zip$/i.test(path)) return [{ path, content }];
  const bytes = new Uint8Array(await content.arrayBuffer());
  let total = 0;
  const files = await new Promise<Unzipped>((resolve, reject) => {
    const filter = ({ originalSize }: { readonly originalSize: number }) => {
      total += originalSize;
      return total <= MOST_ARCHIVE_BYTES;
    };
    unzip(bytes, { filter }, (error, result) =>
      error ? reject(new Error(`${path}: is no zip file (${error.message})`)) : resolve(result),
    );
  });
  if (total > MOST_ARCHIVE_BYTES)
    throw new Error(`${path}: unpacks to more than 1 GiB; unpack it and choose the folder`);
  return Object.entries(files)
    .filter(([name]) => !name.endsWith('/'))
    .map(([name, data]) => ({ path: name, content: new Blob([data as BlobPart]) }));
}

async function bringIn(label: string, given: readonly File_[]): Promise<void> {
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

/** Files of file managers, which are in many archives. */
const isHidden = (path: string): boolean =>
  path.split('/').some((part) => part.startsWith('.') || part === '__MACOSX');
