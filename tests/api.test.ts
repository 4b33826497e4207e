/** @file Every public name has a docstring, and docs/api.md is what the docstrings say. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { gapsOf, hiddenTypesOf, type Module, readApi, renderApi } from '../scripts/api-page.js';
import { API_PAGE, apiPage, publicApi } from '../scripts/public-api.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What still has none. Nothing may be added here. */
let modules: readonly Module[];
beforeAll(() => {
  modules = publicApi(ROOT);
});

test('every public name, option and result has a docstring', () => {
  expect(modules.map(({ exports }) => exports.length).every((count) => count > 10)).toBe(true);
  expect(gapsOf(modules)).toEqual([]);
});

test('every type that otx/graph speaks of can be imported from it', () => {
  const graph = modules.filter(({ module }) => module === 'otx/graph');
  expect(graph).toHaveLength(1);
  expect(hiddenTypesOf(graph)).toEqual([]);
});

test(`${API_PAGE} is what the docstrings say ("npm run docs:api" writes it)`, () => {
  expect(readFileSync(join(ROOT, API_PAGE), 'utf8')).toBe(apiPage(modules));
});

test('gaps and hidden types are seen, and a page shows what there is', () => {
  const folder = mkdtempSync(join(tmpdir(), 'otx-api-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'index.ts');
  const kinds = `'large' | 'small'`;
  writeFileSync(
    path,
    `
    interface Hidden { readonly x: number }
    const KINDS = ['small', 'large'] as const;
    interface Common { inherited?: boolean | undefined }
    /** What is asked for. */
    export interface Options extends Common {
      readonly type: 'options';
      /** Side in pixels. */
      readonly side: number;
      kind?: (typeof KINDS)[number];
    }
    export type Kind = (typeof KINDS)[number];
    /**
     * Makes one.
     * @param options how
     * @throws Error when it cannot.
     */
    export async function make(options: Options, deep = true): Promise<Hidden> { return { x: options.side + Number(deep) }; }
    /** A thing. */
    export class Thing {
      /** Made by {@link make}. */
      constructor(readonly name: string, private readonly secret: string) {}
      /** How long it is. */
      get length(): number { return this.secret.length; }
      protected inside(): void {}
    }
    export * from './more.js';
    `,
  );
  writeFileSync(join(folder, 'more.ts'), '/** Half of it. */\nexport const half = (x: number) => x / 2;\n');
  const config = join(folder, 'tsconfig.json');
  const compilerOptions = { module: 'NodeNext', target: 'ES2022', strict: true, types: [] };
  writeFileSync(config, JSON.stringify({ compilerOptions, files: ['index.ts'] }));
  const found = readApi(config, [{ module: 'm', path }]);
  expect(gapsOf(found)).toEqual(['m: Kind', 'm: Options.kind', 'm: Options.inherited', 'm: Thing.name']);
  expect(hiddenTypesOf(found)).toEqual(['m: make mentions Hidden']);
  const page = renderApi('# Names', found);
  for (const part of [
    '#### half\n\n```ts\nconst half: (x: number) => number\n```\n\nHalf of it.\n',
    '```ts\nfunction make(options: Options, deep = true): Promise<Hidden>\n```\n\nMakes one.\n\n- `options`: how\n',
    '- Throws Error when it cannot.\n',
    `type Kind = ${kinds}\n`,
    '- `side: number` Side in pixels.\n',
    `- \`kind?: ${kinds}\`\n`,
    '- `inherited?: boolean`\n',
    '- `length: number` How long it is.\n',
  ])
    expect(page).toContain(part);
  for (const part of ['secret', 'inside', 'constructor']) expect(page).not.toContain(part);
  expect(() => readApi(config, [{ module: 'm', path: join(folder, 'none.ts') }])).toThrow('is no module of');
});
