/**
 * @file The first part of the build: in folders of which every file is a choice, such as the losses, writes the `index.ts` that lists
 * them, so that a new one is a new file and nothing else. Each exports an `entry`, and has its name from its file. Argument:
 * the root of the repository, default the current folder.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS = ['src/losses/segmentation', 'src/reports/kinds'];

const isEntry = (file) => file.endsWith('.ts') && !/^index\.ts$|\.(test|cases)\.ts$/.test(file);

/** `cross-entropy.ts`: the name `cross_entropy`, in code `crossEntropy`. */
function nameOf(file) {
  const words = file.slice(0, -'.ts'.length).split('-');
  if (!words.every((word, index) => (index === 0 ? /^[a-z][a-z0-9]*$/ : /^[a-z0-9]+$/).test(word)))
    throw new Error(`${file}: a name is of small letters and digits, with - between words`);
  return {
    file,
    name: words.join('_'),
    variable: words.map((w, i) => (i === 0 ? w : w[0].toUpperCase() + w.slice(1))).join(''),
  };
}

function indexOf(files) {
  const entries = files.filter(isEntry).sort().map(nameOf);
  const imports = entries.map(
    ({ file, variable }) => `import { entry as ${variable} } from './${file.replace(/\.ts$/, '.js')}';`,
  );
  const lines = entries.map(({ name, variable }) =>
    name === variable ? `  ${name},` : `  ${name}: ${variable},`,
  );
  return [
    '/** @file Every file of this folder by its name. `npm run build` writes this list: to add one, add a file. */',
    ...imports,
    '',
    'export const entries = {',
    ...lines,
    '} as const;',
    '',
  ].join('\n');
}

const [root = '.'] = process.argv.slice(2);
for (const folder of FOLDERS) {
  const file = join(root, folder, 'index.ts');
  const text = indexOf(readdirSync(join(root, folder)));
  const written = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  // What has not changed is not touched: programs that watch files would start over.
  if (text !== written) writeFileSync(file, text);
}
