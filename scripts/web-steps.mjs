/**
 * Measures trainings in headless Chromium: time of a step, resident memory of the tab, and how many short trainings come to their end.
 * Needs "npm run build" and Chromium. Figures are those of the machine as it is: let nothing else run. WebGPU has SwiftShader, a
 * software adapter, which says nothing about the speed of a card.
 *
 * node scripts/web-steps.mjs steps [STEPS=40]    a table of networks and sizes
 * node scripts/web-steps.mjs ends [COUNT=20]     short trainings, one after the other
 * node scripts/web-steps.mjs sizes               what a page loads, in bytes, and compressed
 */

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = { otx: 'dist', ort: 'node_modules/onnxruntime-web/dist' };
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};
/** A training that takes longer is taken for one that hangs. */
const PATIENCE_SECONDS = 120;

/** Noise of both classes: what pixels show is no matter of time. */
const PAGE = `<!doctype html><meta charset="utf-8"><script type="module">
import { trainInWorker } from '/otx/web-api.js';
const classes = [{ name: 'background', color: [0, 0, 0] }, { name: 'object', color: [255, 255, 255] }];
const picture = (id, side) => ({
  id,
  image: { data: Uint8Array.from({ length: 3 * side * side }, (_, i) => (i * 2654435761) >>> 24), width: side, height: side, channels: 3 },
  mask: Uint8Array.from({ length: side * side }, (_, i) => (i >> 5) % 2),
});
globalThis.train = async ({ steps, ...settings }) => {
  const { batchSize, inputSize } = settings;
  const pictures = Array.from({ length: batchSize * steps }, (_, n) => picture(String(n).padStart(5, '0'), inputSize));
  const milliseconds = [];
  const start = performance.now();
  await trainInWorker(new Worker('/otx/web-training/worker.js', { type: 'module' }), {
    ...settings,
    ...{ epochs: 1, data: { classes, train: pictures, validation: [] } },
    ...{
      runtimeModule: location.origin + '/ort/ort.' + (settings.device ?? 'wasm') + '.bundle.min.mjs',
      runtimeFiles: location.origin + '/ort/',
    },
    onEvent: (event) => {
      if (event.type === 'step') milliseconds.push(event.milliseconds);
    },
  });
  return { milliseconds, seconds: (performance.now() - start) / 1000 };
};
globalThis.isReady = true;
</script>`;

async function serve() {
  const server = createServer(async ({ url }, response) => {
    const [, word, rest] = /^\/([^/]*)\/?(.*)$/.exec(new URL(url, 'http://page').pathname);
    const file = word in FOLDERS && join(ROOT, FOLDERS[word], normalize(`/${rest}`));
    const bytes = file ? await readFile(file).catch(() => undefined) : PAGE;
    response.writeHead(bytes === undefined ? 404 : 200, {
      'Content-Type': file ? (TYPES[extname(file)] ?? 'application/octet-stream') : TYPES['.html'],
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    });
    response.end(bytes);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Megabytes of the largest process of a tab, workers included. */
async function tabMegabytes(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const tabs = processInfo.filter(({ type }) => type === 'renderer');
  const kilobytes = tabs.map(({ id }) =>
    Number(execFileSync('ps', ['-o', 'rss=', '-p', String(id)]).toString()),
  );
  return Math.max(...kilobytes) / 1000;
}

async function trainOnce(browser, address, settings) {
  const page = await browser.newPage();
  try {
    await page.goto(address);
    await page.waitForFunction('globalThis.isReady');
    let most = 0;
    const watching = setInterval(() => {
      tabMegabytes(browser).then(
        (megabytes) => {
          most = Math.max(most, megabytes);
        },
        () => undefined,
      );
    }, 500);
    const training = page.evaluate(`train(${JSON.stringify(settings)})`);
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(() => resolve(undefined), 1000 * PATIENCE_SECONDS);
    });
    const trained = await Promise.race([training, late]).finally(() => {
      clearInterval(watching);
      clearTimeout(timer);
    });
    training.catch(() => undefined);
    return trained && { ...trained, megabytes: most };
  } finally {
    await page.close();
  }
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

const CASES = [
  { template: 'Lite-HRNet-s-mod2', batchSize: 2, inputSize: 64 },
  { template: 'Lite-HRNet-s-mod2', batchSize: 2, inputSize: 128 },
  { template: 'Lite-HRNet-s-mod2', batchSize: 2, inputSize: 128, threads: 1 },
  { template: 'Lite-HRNet-s-mod2', batchSize: 4, inputSize: 128 },
  { template: 'Lite-HRNet-s-mod2', batchSize: 4, inputSize: 256 },
  { template: 'Lite-HRNet-18-mod2', batchSize: 2, inputSize: 128 },
  { template: 'SegNext-t', batchSize: 2, inputSize: 128 },
  { template: 'Lite-HRNet-s-mod2', batchSize: 2, inputSize: 64, device: 'webgpu', threads: 1 },
];
/** Of the software adapter. */
const STEPS_ON_CARD = 2;
/** By which headless Chromium has one. */
const SWIFTSHADER = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
];

async function measureSteps(browser, address, steps) {
  console.log(
    '| a step of | on | median of the last half | most memory of the tab |\n| --- | --- | ---: | ---: |',
  );
  for (const { template, batchSize, inputSize, threads, device } of CASES) {
    const own = device ? STEPS_ON_CARD : steps;
    const trained = await trainOnce(browser, address, {
      ...{ template, batchSize, inputSize, threads, device, steps: own },
    });
    const size = `${batchSize} of ${inputSize}x${inputSize}`;
    const [time, memory] = trained
      ? [
          `${median(trained.milliseconds.slice(own >> 1)).toFixed(0)} ms`,
          `${trained.megabytes.toFixed(0)} MB`,
        ]
      : ['has not ended', ''];
    const place = device ? `${device} (SwiftShader)` : threads ? `${threads} thread` : 'threads by default';
    console.log(`| ${template}, ${size} | ${place} | ${time} | ${memory} |`);
  }
}

/** What is loaded: the code of this package, and one build of the runtime. */
const LOADED = {
  'otx/web': ['dist/web-api.js'],
  'otx/web-training-worker': ['dist/web-training/worker.js'],
  'the runtime': ['ort.wasm.bundle.min.mjs', 'ort-wasm-simd-threaded.wasm'],
  'the runtime with WebGPU': ['ort.webgpu.bundle.min.mjs', 'ort-wasm-simd-threaded.asyncify.wasm'],
};

async function tellSizes() {
  console.log('| | kB | compressed (gzip) |\n| --- | ---: | ---: |');
  for (const [what, files] of Object.entries(LOADED)) {
    let [bytes, compressed] = [0, 0];
    for (const file of files) {
      const content = await readFile(join(ROOT, file.startsWith('dist') ? '' : FOLDERS.ort, file));
      bytes += content.length;
      compressed += gzipSync(content).length;
    }
    console.log(`| ${what} | ${(bytes / 1000).toFixed(0)} | ${(compressed / 1000).toFixed(0)} |`);
  }
}

async function countEnds(browser, address, count) {
  const seconds = [];
  for (let n = 0; n < count; n++) {
    const trained = await trainOnce(browser, address, { batchSize: 2, inputSize: 64, steps: 20 });
    if (trained) seconds.push(trained.seconds);
  }
  console.log(
    `${seconds.length} of ${count} trainings of 20 steps have ended within ${PATIENCE_SECONDS} s; ` +
      `median ${median(seconds).toFixed(1)} s, longest ${Math.max(...seconds).toFixed(1)} s`,
  );
}

async function inBrowser(measure) {
  const executablePath = PLACES.find((place) => existsSync(place));
  const server = await serve();
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', ...SWIFTSHADER] });
  try {
    await measure(browser, `http://127.0.0.1:${server.address().port}/`);
  } finally {
    await browser.close();
    server.close();
    server.closeAllConnections();
  }
}

const [what = 'steps', number] = process.argv.slice(2);
if (what === 'sizes') await tellSizes();
else if (what === 'ends')
  await inBrowser((browser, address) => countEnds(browser, address, Number(number ?? 20)));
else await inBrowser((browser, address) => measureSteps(browser, address, Number(number ?? 40)));
