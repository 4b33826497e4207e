/** @file Files that are dropped on a page, folders and zip files among them. */

import { type UnzipFileInfo, unzipSync } from 'fflate';

/** A file with its place below what was dropped. */
export interface DroppedFile {
  /** With forward slashes. */
  readonly path: string;
  readonly content: Blob;
}

const MOST_ARCHIVE_BYTES = 2 ** 30;

/** All files below what was dropped. */
export async function droppedFiles(entries: readonly FileSystemEntry[]): Promise<DroppedFile[]> {
  return (await Promise.all(entries.map(filesIn))).flat();
}

async function filesIn(entry: FileSystemEntry): Promise<DroppedFile[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ path: entry.fullPath.slice(1), content: file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: DroppedFile[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return found;
    for (const each of some) found.push(...(await filesIn(each)));
  }
}

/**
 * The files of a zip file; any other file as it is.
 *
 * @throws Error for what is no zip file, or unpacks to more than 1 GiB.
 */
export async function unpacked({ path, content }: DroppedFile): Promise<DroppedFile[]> {
  if (!/\.zip$/i.test(path)) return [{ path, content }];
  const bytes = new Uint8Array(await content.arrayBuffer());
  let total = 0;
  const filter = ({ originalSize }: UnzipFileInfo) => {
    total += originalSize;
    return total <= MOST_ARCHIVE_BYTES;
  };
  let files: Record<string, Uint8Array>;
  try {
    // On this thread: those of the library are started from addresses that pages with a security policy refuse.
    files = unzipSync(bytes, { filter });
  } catch (error) {
    throw new Error(
      `${path}: cannot be unpacked (${error instanceof Error ? error.message : String(error)}); is it a whole zip file?`,
    );
  }
  if (total > MOST_ARCHIVE_BYTES)
    throw new Error(`${path}: unpacks to more than 1 GiB; unpack it and choose the folder`);
  return Object.entries(files)
    .filter(([name]) => !name.endsWith('/'))
    .map(([name, data]) => ({ path: name, content: new Blob([data as BlobPart]) }));
}

/** Files of file managers, which are in many archives. */
export const isHidden = (path: string): boolean =>
  path.split('/').some((part) => part.startsWith('.') || part === '__MACOSX');
