/**
 * @file Runs the job for Kubernetes of docs/scale.md without Kubernetes: two workers with a network and an sshd each, and a launcher with the
 * hostfile, the key and the variables that the MPI operator would give it, run the command of the page. The fields of the file are
 * looked at by nothing here. Takes a build, root, and of Debian: openmpi-bin libopenmpi3 openssh-server openssh-client.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { generateScenes } from '../dist/demo/generate.js';
import { loadCheckpoint } from '../dist/runs/checkpoint.js';
import { blockOf, makeMachines, replaceAll, run, shell } from './machines.mjs';

const OTX = fileURLToPath(new URL('../bin/otx.js', import.meta.url));
const settings =
  '--threads 1 --recipe otx --pretrained none params --learning_parameters.input_size 64x64 --learning_parameters.batch_size 2 --learning_parameters.num_iters 2 --learning_parameters.num_workers 1 --learning_parameters.enable_early_stopping false';
const page = await readFile(new URL('../docs/scale.md', import.meta.url), 'utf8');
const [job, image] = [blockOf(page, /^kind: MPIJob/m), blockOf(page, /^FROM node/m)];
const { metadata, spec } = parse(job);
const { Launcher, Worker } = spec.mpiReplicaSpecs;

const folder = await mkdtemp(join(tmpdir(), 'otx-mpijob-'));
const at = (...parts) => join(folder, ...parts);
// As the operator names them.
const service = `${metadata.name}-worker`;
const names = [0, 1].map((i) => `${service}-${i},${service}-${i}.${service}.default.svc`);
const hostfile = names.map((words) => `${words.split(',')[1]} slots=${spec.slotsPerWorker}\n`).join('');
const [command, ...flags] = Launcher.template.spec.containers[0].command;
const [script] = Launcher.template.spec.containers[0].args;
const small = replaceAll(script, [
  ['-np 4', `-np ${names.length}`],
  ['--threads 8', settings],
  ['/shared/', `${at('shared')}/`],
]);
const settingOf = (file) => {
  const line = image.split('\n').find((text) => text.includes(`> /etc/ssh/${file}`));
  return run('bash', '-c', line.replace(/^ *&& /, '').replace(/ >.*$/, ''));
};
const machines = await makeMachines(at('network'), names);
const daemons = names.map((_, i) => at(`sshd-${i}.pid`));

try {
  console.log(
    `${run('mpirun.openmpi', '--version').split('\n')[0]}, ${spec.mpiReplicaSpecs.Worker.replicas} workers in the file, 2 here`,
  );
  for (const name of ['shared', 'bin', 'root/.ssh', 'mpi', 'ssh']) await mkdir(at(name), { recursive: true });
  await generateScenes(at('shared', 'data'), { train: 13, val: 2, width: 80, height: 64 });
  await writeFile(at('mpi', 'hostfile'), hostfile);
  run('ssh-keygen', '-q', '-t', 'ecdsa', '-b', '521', '-N', '', '-f', at('root', '.ssh', 'id_ecdsa'));
  run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', at('ssh', 'host'));
  await writeFile(at('root', '.ssh', 'authorized_keys'), await readFile(at('root', '.ssh', 'id_ecdsa.pub')));
  await writeFile(at('bin', 'otx'), `#!/bin/sh\nexec ${process.execPath} ${OTX} "$@"\n`, { mode: 0o755 });
  await writeFile(at('ssh', 'config'), settingOf('ssh_config.d'));
  // What the image has in /etc/ssh, and places of this check.
  await writeFile(
    at('ssh', 'sshd_config'),
    `${settingOf('sshd_config.d')}HostKey ${at('ssh', 'host')}\nUsePAM no\nPermitRootLogin prohibit-password\n`,
  );
  const home = `mkdir -p /root/.ssh; mount --bind ${at('root', '.ssh')} /root/.ssh`;
  for (const [i, pid] of daemons.entries()) {
    const { code, text } = await machines.on(
      i,
      `${home}; mkdir -p /run/sshd; $(command -v sshd || echo /usr/sbin/sshd) -f ${at('ssh', 'sshd_config')} -o PidFile=${pid}`,
    );
    if (code !== 0) throw new Error(`sshd of worker ${i} does not start: ${text}`);
  }
  await writeFile(at('job.sh'), small);
  const start = await shell(
    `${home}; mount --bind ${machines.hosts} /etc/hosts; mkdir -p /etc/mpi; mount --bind ${at('mpi')} /etc/mpi;
     mkdir -p /etc/ssh/ssh_config.d; mount --bind ${at('ssh')} /etc/ssh/ssh_config.d; mv ${at('ssh', 'config')} ${at('ssh', 'otx.conf')};
     timeout 300 ${command} ${flags.join(' ')} "$(cat ${at('job.sh')})"`,
    ['unshare', '--mount'],
    {
      HOME: '/root',
      PATH: `${at('bin')}:${process.env.PATH}`,
      OMPI_MCA_orte_keep_fqdn_hostnames: 'true',
      OMPI_MCA_orte_default_hostfile: '/etc/mpi/hostfile',
      OMPI_MCA_plm_rsh_args: '-o ConnectionAttempts=10',
      OMPI_MCA_orte_set_default_slots: String(spec.slotsPerWorker),
    },
  );
  const { info } = await loadCheckpoint(at('shared', 'run', 'models', 'last.safetensors')).catch(() => ({}));
  const isRight = start.code === 0 && info?.progress.step === 6 && Worker.restartPolicy === 'OnFailure';
  console.log(`${isRight ? 'right' : 'WRONG'}: ends with ${start.code} after ${info?.progress.step} steps`);
  if (!isRight) console.log(start.text.split('\n').slice(-30).join('\n'));
  process.exitCode = isRight ? 0 : 1;
} finally {
  for (const pid of daemons) await shell(`kill $(cat ${pid})`);
  machines.remove();
  await shell('rmdir /etc/mpi');
  await rm(folder, { recursive: true, force: true });
}
