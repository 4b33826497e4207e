/** @file Chromium without a window, where the machine has one. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const PLACES = [
  ...[
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/usr/bin/google-chrome-stable',
  ],
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
];

/** Its program; undefined where none is installed. */
export const CHROMIUM = PLACES.find((place) => existsSync(place));

/** WebGPU on a software adapter, where Chromium has one. */
export const SOFTWARE_WEBGPU = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
];

/** @param args besides those that it always has */
export const launchChromium = (args: readonly string[] = []): Promise<Browser> =>
  // Root, as which containers run, may not use its sandbox.
  chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox', ...args], timeout: 60_000 });

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** With them threads of a page may share memory. */
const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** Serves folders under the first word of their addresses. @param headers of all answers */
export async function serve(
  folders: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = ISOLATED,
): Promise<{ readonly address: string; close(): void }> {
  const server = createServer(async ({ url = '' }, response) => {
    const [, word = '', rest = ''] = /^\/([^/]*)\/(.*)$/.exec(decodeURIComponent(url)) ?? [];
    const bytes = await readFile(join(folders[word] ?? '', normalize(`/${rest}`))).catch(() => undefined);
    response.writeHead(bytes ? 200 : 404, {
      'Content-Type': TYPES[extname(rest)] ?? 'application/octet-stream',
      ...headers,
    });
    response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
