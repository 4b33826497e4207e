import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FileKind, openRegular, readBytesOf, readTextOf, readTextOfSync } from './read-file.js';

const kind: FileKind = { code: 'usage', expected: 'a poem', maxBytes: 1000 };

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'otx-read-'));
  writeFileSync(at('poem'), 'To see a world');
  writeFileSync(at('empty'), '');
  writeFileSync(at('long'), '');
  truncateSync(at('long'), 2 ** 40);
  symlinkSync(at('poem'), at('link'));
  symlinkSync(at('circle'), at('circle'));
  symlinkSync(at('nothing'), at('dangling'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What both forms of reading say. */
async function refusal(path: string): Promise<string> {
  const error: unknown = await readTextOf(path, kind).catch((error: unknown) => error);
  expect(error).toMatchObject({ name: 'OtxError', code: 'usage' });
  const { message } = error as Error;
  expect(() => readTextOfSync(path, kind)).toThrow(message);
  return message;
}

test('files and links to files are read', async () => {
  for (const name of ['poem', 'link']) {
    expect(await readTextOf(at(name), kind)).toBe('To see a world');
    expect(readTextOfSync(at(name), kind)).toBe('To see a world');
  }
  expect(await readTextOf(at('empty'), kind)).toBe('');
  expect(readTextOfSync(at('empty'), kind)).toBe('');
});

test('what is missing, in a circle, a folder or too long is refused with its name and what was expected', async () => {
  expect(await refusal(at('nothing'))).toBe(`${at('nothing')}: does not exist; expected a poem`);
  expect(await refusal(at('dangling'))).toMatch('does not exist');
  expect(await refusal(join(at('poem'), 'x'))).toMatch('a part of the path is a file');
  expect(await refusal(at('circle'))).toMatch('a link that leads in a circle');
  expect(await refusal(folder)).toMatch('is not a file but a folder');
  expect(await refusal(at('long'))).toMatch('has 1099511627776 bytes, of which no more than 1000 are read');
  expect(await refusal(at('x'.repeat(300)))).toMatch('name that is too long');
});

describe.skipIf(process.platform === 'win32')('on POSIX', () => {
  test('pipes, sockets and devices are refused at once', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    symlinkSync(at('pipe'), at('link to pipe'));
    expect(await refusal(at('pipe'))).toMatch('is not a file but a pipe');
    expect(await refusal(at('link to pipe'))).toMatch('but a pipe');
    for (const device of ['/dev/zero', '/dev/null', '/dev/tty']) {
      expect(await refusal(device)).toMatch('is not a file but a device');
    }
    const server = createServer().listen(at('socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    expect(await refusal(at('socket'))).toMatch('is not a file but a socket');
    await new Promise((resolve) => server.close(resolve));
  });

  test.skipIf(process.platform !== 'linux')('files whose size is not known are empty', async () => {
    expect(await readTextOf('/proc/self/status', kind)).toBe('');
    expect(readTextOfSync('/proc/self/status', kind)).toBe('');
  });

  test('too many open files are told of in words', () => {
    const script = `
      import { openSync } from 'node:fs';
      import { readTextOf } from ${JSON.stringify(new URL('../../dist/base/read-file.js', import.meta.url).href)};
      try { for (;;) openSync('/dev/null'); } catch {}
      await readTextOf(${JSON.stringify(at('poem'))}, ${JSON.stringify(kind)}).catch(({ message }) => console.log(message));`;
    const command = 'ulimit -n 60 && exec "$0" --input-type=module --eval "$1"';
    const output = execFileSync('sh', ['-c', command, process.execPath, script], { encoding: 'utf8' });
    expect(output).toMatch(/poem: cannot be read: too many files are open at once; .*ulimit -n 1024/);
  });
});

test('what is added while a file is read is left out', async () => {
  const path = at('growing');
  writeFileSync(path, 'a'.repeat(100));
  const { handle, size } = await openRegular(path, kind.maxBytes);
  appendFileSync(path, 'b'.repeat(5000));
  expect(size).toBe(100);
  await handle.close();
  await expect(readBytesOf(path, kind)).rejects.toThrow('has 5100 bytes');
});
