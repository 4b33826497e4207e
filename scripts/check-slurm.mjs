/**
 * @file Runs the files for Slurm of docs/scale.md and docs/studies.md: a cluster of two nodes is set up on this machine, each with a
 * network of its own, and small trainings go through it. Takes a build, root, and of Debian: slurmctld slurmd slurm-client munge
 * libpmix-dev (srun loads it under the name that it has there) openmpi-bin libopenmpi3, for PMI2 also mpich. Not a test: two minutes,
 * and it starts daemons.
 */
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateScenes } from '../dist/demo/generate.js';
import { loadCheckpoint } from '../dist/runs/checkpoint.js';
import { blockOf, HOME_ADDRESS, makeMachines, replaceAll, run, shell } from './machines.mjs';

const OTX = fileURLToPath(new URL('../bin/otx.js', import.meta.url));
const page = (name) => readFile(new URL(`../docs/${name}.md`, import.meta.url), 'utf8');
const NODES = ['otx1', 'otx2'];
const settings = (epochs) =>
  `--threads 1 --recipe otx --pretrained none params --learning_parameters.input_size 64x64 --learning_parameters.batch_size 2 --learning_parameters.num_iters ${epochs} --learning_parameters.num_workers 1 --learning_parameters.enable_early_stopping false`;

const folder = await mkdtemp(join(tmpdir(), 'otx-slurm-'));
const [shared, bin, cluster] = ['shared', 'bin', 'cluster'].map((name) => join(folder, name));
const conf = join(cluster, 'slurm.conf');
const environment = { SLURM_CONF: conf, PATH: `${bin}:${process.env.PATH}`, HOME: folder };
const slurm = (script) => shell(script, [], environment);
let machines;
let failures = 0;

function say(what, isRight, text = '') {
  if (!isRight) failures += 1;
  console.log(
    `${isRight ? 'right' : 'WRONG'}: ${what}${isRight ? '' : `\n${text.split('\n').slice(-25).join('\n')}`}`,
  );
}

async function startCluster() {
  for (const path of [
    shared,
    bin,
    ...['state', 'munge', 'pmix', ...NODES].map((name) => join(cluster, name)),
  ]) {
    await mkdir(path, { recursive: true });
  }
  await chmod(folder, 0o755);
  await writeFile(join(bin, 'otx'), `#!/bin/sh\nexec ${process.execPath} ${OTX} "$@"\n`, { mode: 0o755 });
  await writeFile(
    join(cluster, 'munge', 'key'),
    new Uint8Array(1024).map((_, i) => (i * 7919) % 251),
    {
      mode: 0o600,
    },
  );
  const munge = join(cluster, 'munge');
  run(
    'munged',
    '--force',
    ...['key-file', 'socket', 'pid-file', 'log-file', 'seed-file'].map(
      (flag) => `--${flag}=${join(munge, flag.split('-')[0])}`,
    ),
  );
  machines = await makeMachines(folder, NODES);
  const node = (name, i) =>
    `NodeName=${name} NodeAddr=${machines.addresses[i]} CPUs=2 CoresPerSocket=2 RealMemory=16384`;
  await writeFile(
    conf,
    `ClusterName=otx
SlurmctldHost=${hostname()}(${HOME_ADDRESS})
AuthType=auth/munge
AuthInfo=socket=${munge}/socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
SlurmctldPort=16817
SlurmdPort=16818
StateSaveLocation=${cluster}/state
SlurmdSpoolDir=${cluster}/%n
SlurmctldPidFile=${cluster}/slurmctld.pid
SlurmdPidFile=${cluster}/slurmd-%n.pid
SlurmctldLogFile=${cluster}/slurmctld.log
SlurmdLogFile=${cluster}/slurmd-%n.log
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/affinity
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
${NODES.map(node).join('\n')}
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`,
  );
  await writeFile(join(cluster, 'mpi.conf'), `PMIxCliTmpDirBase=${cluster}/pmix\n`);
  await slurm(`slurmctld -f ${conf}; sleep 1`);
  for (const [i, name] of NODES.entries()) {
    await mkdir(join(cluster, `${name}-pmix`));
    await machines.on(
      i,
      `mount --bind ${cluster}/${name}-pmix ${cluster}/pmix; export PATH=${environment.PATH}; slurmd -f ${conf} -N ${name}`,
    );
  }
  const { text } = await slurm('sleep 3; sinfo --noheader -o %T:%D');
  if (text.trim() !== 'idle:2') throw new Error(`the cluster does not come up: ${text}`);
}

async function hashOf(runFolder) {
  const hash = createHash('sha256');
  const { tensors } = await loadCheckpoint(join(shared, runFolder, 'models', 'last.safetensors'));
  for (const [key, { data }] of tensors) {
    hash.update(key).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Submits a file, and waits for its end. */
async function submit(name, text, flags = '') {
  const file = join(shared, `${name}.sh`);
  await writeFile(file, text);
  const { code, text: said } = await slurm(
    `cd ${shared} && timeout 400 sbatch --wait --output=${name}.%a.out --job-name=${name} ${flags} ${file}`,
  );
  const { text: out } = await slurm(`cat ${shared}/${name}.*.out`);
  return { code, id: /batch job (\d+)/.exec(said)?.[1], out };
}

/** docs/scale.md: two ranks of two nodes. */
async function checkTraining() {
  const file = blockOf(await page('scale'), /^srun --mpi=pmix/m);
  const small = (epochs) =>
    replaceAll(file, [
      ['--nodes=4', '--nodes=2'],
      ['--cpus-per-task=16', '--cpus-per-task=2'],
      ['--threads 16', settings(epochs)],
      ['/shared/', `${shared}/`],
    ]);
  await slurm(`otx train ${shared}/data -o ${shared}/alone --accumulate 2 ${settings(2)}`);
  const expected = await hashOf('alone');
  const whole = await submit('whole', small(2));
  const isEqual = whole.code === 0 && (await hashOf(`run-${whole.id}`)) === expected;
  say(
    `srun --mpi=pmix, two ranks: ends with ${whole.code}, weights of one process (${expected})`,
    isEqual,
    whole.out,
  );

  // What Slurm sends to the tasks before the time is up.
  const stop = `until ls ${shared}/run-*/models/last.safetensors | grep -v run-${whole.id}; do sleep 0.2; done; scancel --signal=TERM --name=late`;
  const [late] = await Promise.all([submit('late', small(30)), slurm(`timeout 380 bash -c '${stop}'`)]);
  const isTold = /stopped after \d+ steps/.test(late.out) && /going on after/.test(late.out);
  say(
    `told to stop: saved, queued again, went on, ends with ${late.code}`,
    isTold && late.code === 0,
    late.out,
  );

  const [stepTwo, stepNone] = ['pmi2', 'none'].map((mpi) =>
    replaceAll(small(2), [['--mpi=pmix', `--mpi=${mpi}`]]),
  );
  const pmi2 = await submit('pmi2', stepTwo);
  const isEqual2 = pmi2.code === 0 && (await hashOf(`run-${pmi2.id}`)) === expected;
  say(`srun --mpi=pmi2 and MPICH: ends with ${pmi2.code}, the same weights`, isEqual2, pmi2.out);
  const none = await submit('none', stepNone);
  say(
    'srun --mpi=none is told of --mpi=pmix',
    none.code === 2 && /start with srun --mpi=pmix/.test(none.out),
    none.out,
  );

  const inside = (mpirun, name) => `#!/bin/bash
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=2
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
${mpirun} otx train ${shared}/data -o ${shared}/${name} ${settings(2)}
`;
  for (const [name, mpirun] of [
    ['mpirun.openmpi', 'mpirun.openmpi --bind-to none'],
    ['mpirun.mpich', 'mpirun.mpich'],
  ]) {
    const { code, out } = await submit(name, inside(mpirun, name));
    say(
      `${name} inside of a job: ends with ${code}, the same weights`,
      code === 0 && (await hashOf(name)) === expected,
      out,
    );
  }
}

/** docs/studies.md: an array of tasks that share a folder. */
async function checkStudy() {
  const file = blockOf(await page('studies'), /^#SBATCH --array/m);
  const small = replaceAll(file, [
    ['--array=1-5', '--array=1-3'],
    ['--cpus-per-task=8', '--cpus-per-task=1'],
    ['node_modules/.bin/otx', 'otx'],
    [
      'Lite-HRNet-18-mod2 --train-data-roots /shared/data/street',
      `Lite-HRNet-s-mod2 --train-data-roots ${shared}/data/train`,
    ],
    [
      '--folds 5 --threads 8 --no-wait -o /shared/studies/street',
      `--folds 3 --no-wait -o ${shared}/street ${settings(2)}`,
    ],
  ]);
  const { code, out } = await submit('study', small, '--mem=4G');
  const { text } = await slurm(
    `otx cv Lite-HRNet-s-mod2 --train-data-roots ${shared}/data/train --folds 3 -o ${shared}/street ${settings(2)}`,
  );
  say(
    `array of three tasks: ends with ${code}, the same command tells the result`,
    code === 0 && /All images together/i.test(text),
    out + text,
  );
}

try {
  await startCluster();
  console.log((await slurm('srun --version; mpirun.openmpi --version | head -1')).text.trim());
  await generateScenes(join(shared, 'data'), { train: 13, val: 2, width: 80, height: 64 });
  await checkTraining();
  await checkStudy();
  process.exitCode = failures === 0 ? 0 : 1;
} finally {
  await slurm(
    `scancel --user=root; sleep 1; cd ${cluster}; for file in slurmd-*.pid slurmctld.pid munge/pid; do kill $(cat $file); done; sleep 2`,
  );
  machines?.remove();
  if (process.env.OTX_KEEP !== '1') await rm(folder, { recursive: true, force: true });
}
