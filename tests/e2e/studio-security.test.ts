/** @file What the studio refuses: other sites, other names, no secret, ways out of its folders, and too much of anything. */
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningStudio, startStudio } from './studio-server.js';

let folder: string;
let studio: RunningStudio;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-studio-'));
  await mkdir(join(folder, 'photos'));
  const create = { width: 40, height: 30, channels: 3, background: { r: 90, g: 120, b: 30 } } as const;
  const picture = await sharp({ create }).jpeg().toBuffer();
  for (const name of ['a.jpg', 'b.jpg']) await writeFile(join(folder, 'photos', name), picture);
  await writeFile(join(folder, 'secret.jpg'), picture);
  await symlink(join(folder, 'secret.jpg'), join(folder, 'photos', 'link.jpg'));
  // Folders of the studio that are links to others.
  await mkdir(join(folder, 'photos-studio', 'advice'), { recursive: true });
  await mkdir(join(folder, 'photos-studio', 'runs'));
  await mkdir(join(folder, 'outside', 'models'), { recursive: true });
  await mkdir(join(folder, 'outside', 'result'));
  await writeFile(join(folder, 'outside', 'about.json'), '{"folder": ""}');
  const input = join(folder, 'photos-studio', 'advice', 'x', 'pictures', 'a.jpg');
  const list = { seen: 1, duplicates: 0, pictures: [{ input, mask: 'm.png' }] };
  await writeFile(join(folder, 'outside', 'result', 'suggestions.json'), JSON.stringify(list));
  await writeFile(join(folder, 'outside', 'models', 'last.safetensors'), 'weights of others');
  await symlink(join(folder, 'outside'), join(folder, 'photos-studio', 'advice', 'x'));
  await symlink(join(folder, 'outside'), join(folder, 'photos-studio', 'runs', 'x'));
  studio = await startStudio([join(folder, 'photos')], { OTX_CACHE: join(folder, 'cache') });
  await opened(studio);
});
afterAll(async () => {
  await studio?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function opened({ address }: RunningStudio): Promise<void> {
  for (;;) {
    const { state } = (await (await fetch(`${address}api/project`)).json()) as { state: string };
    if (state !== 'opening') return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A request with headers that `fetch` does not let be set, and paths that it would tidy. */
function ask(
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
  body?: Buffer,
): Promise<Answer> {
  const { hostname, port } = new URL(studio.address);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
      response.on('end', () => resolve({ status: response.statusCode!, body: text }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const at = (path: string) => `${new URL(studio.address).pathname}${path}`;
const keyOf = async (id: string) =>
  ((await (await fetch(`${studio.address}api/images`)).json()) as [string][]).findIndex(
    ([each]) => each === id,
  );

test('the address holds a secret, on 127.0.0.1 alone', async () => {
  expect(studio.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/$/);
  expect((await ask(at(''))).status).toBe(200);
  for (const path of ['/', '/api/project', `/${'0'.repeat(32)}/api/project`]) {
    expect((await ask(path)).status, path).toBe(404);
  }
});

test('another name of the machine is refused', async () => {
  const { port } = new URL(studio.address);
  for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', `127.0.0.1:1`]) {
    expect((await ask(at('api/project'), { Host: host })).status, host).toBe(403);
  }
  expect((await ask(at('api/project'), { Host: `localhost:${port}` })).status).toBe(200);
});

test('pages of other sites are refused, whatever they ask', async () => {
  const body = Buffer.from(JSON.stringify({ keys: [0], subset: 'val' }));
  const foreign: Record<string, string>[] = [
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { Origin: 'http://127.0.0.1:1' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
  ];
  for (const headers of foreign) {
    expect((await ask(at('api/subsets'), headers, 'PUT', body)).status).toBe(403);
    expect((await ask(at('api/project'), headers)).status).toBe(403);
  }
  const [[, , , subset]] = (await (await fetch(`${studio.address}api/images`)).json()) as [
    [string, number, number, string],
  ];
  expect(subset).toBe('auto');
});

test('no path leads out of the folders', async () => {
  for (const path of [
    ...['../../../../etc/passwd', '..%2f..%2f..%2fetc%2fpasswd', '%2e%2e/%2e%2e/etc/passwd'],
    ...[
      'api/images/../../x',
      'api/images/-1/picture',
      'api/images/1e3/picture',
      'api/images/__proto__/picture',
    ],
    ...['api/runs/..%2f..%2fphotos/files/a.jpg', 'api/runs/x/files/..%2f..%2f..%2fsecret.jpg'],
    ...['api/teach/..%2f..%2fphotos', 'api/teach/..', 'api/next/..%2fx/mask', 'api/next/__proto__/mask'],
    ...['api/images/0/look/..%2f..%2fx', 'api/images/0/look/a@..%2fx', 'api/scores/..%2fstudio'],
    ...['api/exports/..%2fruns/files/a', 'api/exports/x_export/files/..%2f..%2f..%2f..%2fsecret.jpg'],
    ...['runtime/..%2f..%2fpackage.json', 'runtime/package.json', 'runtime/__proto__'],
  ]) {
    const { status, body } = await ask(at(path));
    expect([400, 404], path).toContain(status);
    expect(body).not.toContain('root:');
  }
  for (const path of ['..%2fout.jpg', 'a/../../out.jpg', '.hidden/x', 'a%00b', 'c:/x', 'a//b']) {
    const { status } = await ask(at(`api/imports/one/${path}`), {}, 'PUT', Buffer.from('x'));
    expect([400, 404], path).toContain(status);
  }
  expect(await readFile(join(folder, 'out.jpg')).catch(() => 'none')).toBe('none');
  // What the file system refuses is told as such.
  expect((await ask(at('api/imports/two/a'), {}, 'PUT', Buffer.from('x'))).status).toBe(200);
  const refused = await ask(at('api/imports/two/a/b'), {}, 'PUT', Buffer.from('x'));
  expect([refused.status, refused.body]).toEqual([
    409,
    expect.stringMatching(/cannot be used .*is there room on the disk/),
  ]);
});

test('a link that leads out is not followed', async () => {
  const key = await keyOf('link');
  expect(key).toBeGreaterThanOrEqual(0);
  for (const what of ['thumbnail', 'picture', 'labels', 'mask']) {
    const { status, body } = await ask(at(`api/images/${key}/${what}`));
    expect(status, what).toBe(400);
    expect(body).toContain('leads out of the folders of the studio');
  }
  expect((await ask(at(`api/images/${await keyOf('a')}/picture`))).status).toBe(200);
});

test('advice and teachers in folders that are links are not read', async () => {
  expect((await ask(at('api/next'))).body).toBe('{"list":[]}');
  expect((await ask(at(`api/next/${await keyOf('a')}/mask`))).status).toBe(404);
  const { status, body } = await ask(at('api/teach/x'));
  expect(status).toBe(400);
  expect(body).toContain('leads out of the folders of the studio');
});

test('of an export its own files alone are given, whatever lies beside them', async () => {
  const place = join(folder, 'photos-studio', 'exports', 'x_export');
  await mkdir(join(place, 'onnx'), { recursive: true });
  await writeFile(join(place, 'onnx', 'model.onnx'), 'a model');
  await symlink(join(folder, 'secret.jpg'), join(place, 'onnx', 'linked.onnx'));
  await symlink(folder, join(place, 'all'));
  await symlink(folder, join(folder, 'photos-studio', 'exports', 'y_export'));
  const { exports } = (await (await fetch(`${studio.address}api/exports`)).json()) as {
    exports: { name: string; files: { path: string }[] }[];
  };
  const paths = exports.find(({ name }) => name === 'x_export')!.files.map(({ path }) => path);
  expect(paths).toEqual(['onnx/model.onnx']);
  expect(exports.map(({ name }) => name)).toEqual(['x_export']);
  expect((await ask(at('api/exports/x_export/files/onnx/model.onnx'))).body).toBe('a model');
  for (const path of [
    ...['x_export/files/onnx/linked.onnx', 'x_export/files/all/secret.jpg', 'x_export/files/onnx'],
    ...['y_export/files/secret.jpg', 'x_export/files/onnx%2f..%2f..%2f..%2fstudio.json'],
  ]) {
    expect([400, 404], path).toContain((await ask(at(`api/exports/${path}`))).status);
  }
});

test('a picture to look at is bounded, and kept nowhere', async () => {
  // Whoever sends on may find the connection closed before the answer is read.
  const refusal = await fetch(`${studio.address}api/look/picture`, {
    method: 'POST',
    body: Buffer.alloc(65 * 2 ** 20),
  }).then(
    ({ status }) => status,
    () => 413,
  );
  expect(refusal).toBe(413);
  const inStudio = () => readdir(join(folder, 'photos-studio'), { recursive: true, withFileTypes: true });
  const before = await inStudio();
  const picture = await readFile(join(folder, 'secret.jpg'));
  expect((await ask(at('api/look/picture?name=x'), {}, 'POST', picture)).status).toBe(200);
  for (const body of [Buffer.alloc(0), Buffer.from('no picture')]) {
    const { status: refused, body: text } = await ask(at('api/look/picture?name=x'), {}, 'POST', body);
    expect(refused).toBe(404);
    expect(text).toContain('x');
  }
  const create = { width: 6000, height: 5000, channels: 3, background: 'white' } as const;
  const large = await sharp({ create }).png().toBuffer();
  expect((await ask(at('api/look/picture'), {}, 'POST', large)).body).toContain('more than pages draw on');
  expect(await inStudio()).toEqual(before);
});

test('an upload of 1 GB is refused before it is read, with and without its size', async () => {
  const { status } = await ask(
    at('api/images/0/labels'),
    { 'Content-Length': String(2 ** 30) },
    'PUT',
    Buffer.alloc(1),
  ).catch(() => ({ status: 413 }));
  expect(status).toBe(413);
  const piece = Buffer.alloc(2 ** 20);
  let sent = 0;
  const { hostname, port } = new URL(studio.address);
  const outcome = await new Promise<number | string>((resolve) => {
    const asked = request(
      {
        hostname,
        port,
        path: at('api/imports/big/a.png'),
        method: 'PUT',
        headers: { 'Transfer-Encoding': 'chunked' },
      },
      (response) => {
        resolve(response.statusCode!);
        asked.destroy();
      },
    );
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    const more = () => {
      while (sent < 2 ** 30 && !asked.destroyed) {
        sent += piece.length;
        if (!asked.write(piece)) {
          asked.once('drain', more);
          return;
        }
      }
      asked.end();
    };
    more();
  });
  expect([413, 'ECONNRESET', 'EPIPE']).toContain(outcome);
  expect(sent).toBeLessThan(2 ** 28);
  expect((await ask(at('api/project'))).status).toBe(200);
});

test('labels that fit neither the image nor the classes are refused', async () => {
  const key = await keyOf('a');
  expect((await ask(at(`api/images/${key}/labels`), {}, 'PUT', Buffer.alloc(7))).status).toBe(400);
  expect((await ask(at(`api/images/${key}/labels`), {}, 'PUT', Buffer.alloc(1200, 9))).status).toBe(400);
});

test('10,000 requests are answered, in bounded memory', async () => {
  const key = await keyOf('a');
  let answered = 0;
  const one = async () => {
    while (answered < 10_000) {
      answered += 1;
      const response = await fetch(`${studio.address}api/images/${key}/thumbnail`);
      await response.arrayBuffer();
      if (!response.ok) throw new Error(String(response.status));
    }
  };
  await Promise.all(Array.from({ length: 32 }, one));
  const status = await readFile(`/proc/${studio.process.pid}/status`, 'utf8').catch(() => 'VmRSS: 0 kB');
  expect(Number(/VmRSS:\s*(\d+)/.exec(status)![1]) / 1024).toBeLessThan(300);
});

test('a read-only studio changes and starts nothing', async () => {
  const other = await startStudio([join(folder, 'photos'), '--read-only']);
  try {
    for (const [method, path] of [
      ...[
        ['POST', 'api/train'],
        ['PUT', 'api/subsets'],
        ['PUT', 'api/classes'],
        ['PUT', 'api/images/0/labels'],
      ],
      ...[
        ['PUT', 'api/imports/a/b.png'],
        ['POST', 'api/check'],
        ['POST', 'api/next'],
        ['POST', 'api/scores/x'],
        ['POST', 'api/exports'],
        ['POST', 'api/deployments'],
      ],
    ] as const) {
      expect((await fetch(`${other.address}${path}`, { method, body: '{}' })).status, path).toBe(405);
    }
  } finally {
    expect(await other.stop('SIGINT')).toBe(0);
  }
});
