/** The state of a folder as one hash: the paths, kinds, permissions, times of change and contents of everything in it. */

import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

export async function treeHash(root) {
  const hash = createHash('sha256');
  const visit = async (path) => {
    const info = await lstat(path);
    const kind = info.isDirectory()
      ? 'folder'
      : info.isSymbolicLink()
        ? 'link'
        : info.isFile()
          ? 'file'
          : 'other';
    const name = relative(root, path).split(sep).join('/');
    hash.update(`${JSON.stringify([name, kind, info.mode, info.mtimeMs, info.size])}\n`);
    if (kind === 'link') hash.update(await readlink(path));
    if (kind === 'file') hash.update(await readFile(path));
    if (kind === 'folder') for (const child of (await readdir(path)).sort()) await visit(join(path, child));
  };
  await visit(root);
  return hash.digest('hex');
}
