import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { isRunning } from './temporary-name.js';

test('a process is running until it has ended', async () => {
  expect(isRunning(process.pid)).toBe(true);
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  expect(isRunning(child.pid!)).toBe(false);
});

test.runIf(process.platform === 'linux')(
  'one that has ended, whose end nobody asks for, is not',
  async () => {
    // The child of a shell that becomes a program which knows nothing of it.
    const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 30'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(line.toString());
      expect(isRunning(pid)).toBe(true);
      await expect.poll(() => isRunning(pid), { timeout: 5000 }).toBe(false);
      expect(() => process.kill(pid, 0)).not.toThrow();
    } finally {
      parent.kill();
    }
  },
);
