/**
 * The second part of the build: copies what the package needs at run time beside code (template YAML) from src/ to dist/,
 * and removes from dist/ what no longer has a source, so that a file that was renamed is not published under both names.
 */
import { cpSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Whether a source has a counterpart in dist/. */
const isPublished = (source) =>
  !/\.(test\.ts|cases\.ts|md|proto|tsx)$/.test(source) && !source.startsWith(join('src', 'page-parts'));

cpSync('src', 'dist', { recursive: true, filter: (path) => !path.endsWith('.ts') && isPublished(path) });

for (const file of readdirSync('dist', { recursive: true })) {
  const source = join('src', file).replace(/(\.d\.ts|\.js)$/, '.ts');
  if (statSync(join('dist', file)).isFile() && !(existsSync(source) && isPublished(source)))
    rmSync(join('dist', file));
}
