/**
 * @file Machines that are none: each has a name, a network address and files of its own where it matters, by namespaces of Linux. For
 * the checks of launchers (check-slurm.mjs, check-mpijob.mjs). Takes root, iproute2 and util-linux.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Of this machine among them. */
export const HOME_ADDRESS = '10.77.0.254';
const BRIDGE = 'otx-bridge';

export const run = (command, ...args) => execFileSync(command, args, { encoding: 'utf8' });

/**
 * @param folder of files that belong to them.
 * @param names of the machines, each with others it goes by after commas.
 * @returns `on(i, script)` runs a shell's script there, with a mount namespace of its own, and resolves to its exit code and output;
 *   `remove()` takes them away.
 */
export async function makeMachines(folder, names) {
  const hosts = join(folder, 'hosts');
  const space = (i) => `otx-machine-${i}`;
  const line = (address, words) => `${address} ${words.replaceAll(',', ' ')}\n`;
  const addresses = names.map((_, i) => `10.77.0.${i + 1}`);
  await mkdir(folder, { recursive: true });
  await writeFile(
    hosts,
    line('127.0.0.1', 'localhost') +
      line(HOME_ADDRESS, hostname()) +
      names.map((words, i) => line(addresses[i], words)).join(''),
  );
  run('ip', 'link', 'add', BRIDGE, 'type', 'bridge');
  run('ip', 'address', 'add', `${HOME_ADDRESS}/24`, 'dev', BRIDGE);
  run('ip', 'link', 'set', BRIDGE, 'up');
  names.forEach((_, i) => {
    run('ip', 'netns', 'add', space(i));
    run(...`ip link add otx-veth-${i} type veth peer name eth0 netns ${space(i)}`.split(' '));
    run(...`ip link set otx-veth-${i} master ${BRIDGE} up`.split(' '));
    run(...`ip -n ${space(i)} address add ${addresses[i]}/24 dev eth0`.split(' '));
    for (const device of ['eth0', 'lo']) run(...`ip -n ${space(i)} link set ${device} up`.split(' '));
  });
  const on = (i, script) =>
    shell(`set -e; hostname ${names[i].split(',')[0]}; mount --bind ${hosts} /etc/hosts; ${script}`, [
      'nsenter',
      `--net=/run/netns/${space(i)}`,
      'unshare',
      '--mount',
      '--uts',
    ]);
  const remove = () => {
    names.forEach((_, i) => {
      // A process that is left keeps a network, not its cable.
      run('ip', 'link', 'delete', `otx-veth-${i}`);
      run('ip', 'netns', 'delete', space(i));
    });
    run('ip', 'link', 'delete', BRIDGE);
  };
  return { on, remove, addresses, hosts };
}

/** Runs a script to its end, or to that of its shell where it leaves a daemon. @returns its exit code and what it said */
export function shell(script, before = [], environment = {}) {
  return new Promise((resolve, reject) => {
    const [command, ...args] = [...before, 'bash', '-c', script];
    const child = spawn(command, args, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += part));
    child.on('error', reject);
    child.on('exit', (code) => setTimeout(() => resolve({ code, text }), 200));
  });
}

/** A file for a launcher that a page of the documentation shows: the first block that matches. */
export function blockOf(page, what) {
  const blocks = [...page.matchAll(/^```\w*\n(.*?)^```$/gms)].map(([, text]) => text);
  const block = blocks.find((text) => what.test(text));
  if (block === undefined) throw new Error(`no block of the page matches ${what}`);
  return block;
}

/** Puts something else in the place of each text; one that is not there is an error, as the page has changed. */
export function replaceAll(text, replacements) {
  return replacements.reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`the page no longer says ${from}`);
    return result.replaceAll(from, to);
  }, text);
}
