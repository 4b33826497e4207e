/** @file Which modules are public, and the page about them. */
import { join } from 'node:path';
import { runOptions } from '../src/settings/run-options.js';
import { trainingSettings } from '../src/settings/training-settings.js';
import { type Descriptions, type Module, readApi, renderApi } from './api-page.js';

/** From the root of the repository. */
export const API_PAGE = 'docs/api.md';

const HEADING = `# API

Every name that the package exports, from the docstrings of the sources: \`npm run docs:api\` writes this page. \`otx\` does what the
command line does ([README](../README.md)); \`otx/graph\` is the compiler beneath ([graph.md](graph.md)), \`otx/nn\` has
layers for networks of one's own, \`otx/data\` reads data sets, pictures and masks and writes masks, \`otx/files\` has small tools for
programs that keep files ([own-programs.md](own-programs.md)), \`otx/web\` segments in browsers ([web.md](web.md)). Errors are [OtxError](#otxerror)s.`;

/** What settings and options say of themselves: some texts are put together of others, which sources alone do not show. */
const descriptions: Descriptions = Object.fromEntries(
  Object.entries({ ...trainingSettings, ...runOptions }).map(([name, { description }]) => [
    name,
    description,
  ]),
);

/** @param root of the repository. */
export function publicApi(root: string): Module[] {
  const entries = [
    { module: 'otx', path: join(root, 'src', 'index.ts') },
    { module: 'otx/graph', path: join(root, 'src', 'graph-api.ts') },
    { module: 'otx/nn', path: join(root, 'src', 'nn-api.ts') },
    { module: 'otx/data', path: join(root, 'src', 'data-api.ts') },
    { module: 'otx/files', path: join(root, 'src', 'files-api.ts') },
    { module: 'otx/web', path: join(root, 'src', 'web-api.ts') },
  ];
  return readApi(join(root, 'tsconfig.build.json'), entries, descriptions);
}

export const apiPage = (modules: readonly Module[]): string => renderApi(HEADING, modules);
