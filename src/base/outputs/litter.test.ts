import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryName } from '../temporary-name.js';
import { type OutputPlan, Outputs } from './outputs.js';

let folder: string;
let root: string;
const opened: Outputs[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-outputs-'));
  root = join(folder, 'out');
});
afterEach(async () => {
  for (const outputs of opened.splice(0)) await outputs.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(plan: Partial<OutputPlan> = {}): Promise<Outputs> {
  const outputs = await Outputs.open({ root, ...plan });
  opened.push(outputs);
  return outputs;
}

const put = async (name: string, text = 'precious') => {
  await mkdir(join(root, name, '..'), { recursive: true });
  await writeFile(join(root, name), text);
};

test('what a killed process was writing is swept away, what another writes and what looks like it stays', async () => {
  await mkdir(join(root, 'masks', 'deep'), { recursive: true });
  const ended = spawnSync(process.execPath, ['--version']).pid;
  // As that process would have named it: the check at the end follows from the rest.
  const source = new URL('../../../dist/base/temporary-name.js', import.meta.url).href;
  const script = `import(${JSON.stringify(source)}).then((m) => console.log(m.temporaryName('a.png')))`;
  const dead = () => execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }).trim();
  const litter = [dead(), join('masks', dead()), join('masks', 'deep', dead())];
  for (const name of litter) await put(name);
  const live = temporaryName('a.png');
  const kept = [
    live,
    'notes.tmp',
    '.a.png.0123abcd.tmp',
    dead().replace(/.{8}\.tmp$/, '00000000.tmp'),
    join('other', dead()),
    `.a.png.0000-${ended}-01234567-89abcdef.tmp`,
  ];
  for (const name of kept) await put(name);
  await put('.old.0123abcd.tmp');
  await open({ folders: ['masks'], isLitter: (name) => name === '.old.0123abcd.tmp' });
  const found = await readdir(root, { recursive: true });
  for (const name of litter) expect(found).not.toContain(name);
  for (const name of kept) expect(found).toContain(name);
  expect(found).not.toContain('.old.0123abcd.tmp');
});
