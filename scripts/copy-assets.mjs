/** Copies the non-TypeScript files that the package needs at run time (template YAML) from src/ to dist/. */
import { chmodSync, cpSync, existsSync } from 'node:fs';

cpSync('src', 'dist', {
  recursive: true,
  filter: (path) => !/\.(ts|md)$/.test(path),
});
if (existsSync('dist/cli/main.js')) chmodSync('dist/cli/main.js', 0o755);
