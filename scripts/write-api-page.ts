/** @file `npm run docs:api`: writes docs/api.md from the docstrings of the public names. Run in the root of the repository. */
import { writeFileSync } from 'node:fs';
import { gapsOf } from './api-page.js';
import { API_PAGE, apiPage, publicApi } from './public-api.js';

const modules = publicApi(process.cwd());
writeFileSync(API_PAGE, apiPage(modules));
for (const gap of gapsOf(modules)) console.error(`no docstring: ${gap}`);
