/**
 * Measures what several processes gain (docs/scale.md): images a second of one process and of two on this machine, of two that have
 * nothing but a network of 1 Gbit/s between them, and what that makes of more machines. Takes a build, Open MPI and MPICH; for the
 * network root, `ip` and `tc`, without which that part is left out and says why. Nothing else may compute meanwhile.
 *
 * Usage: node scripts/measure-ranks.mjs [--model NAME] [--size PIXELS] [--batch IMAGES] [--images N]
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'Lite-HRNet-s-mod2' },
    size: { type: 'string', default: '256' },
    batch: { type: 'string', default: '8' },
    images: { type: 'string', default: '96' },
    exchange: { type: 'string' },
  },
});
const OTX = fileURLToPath(new URL('../bin/otx.js', import.meta.url));
const SELF = fileURLToPath(import.meta.url);
const GIGABIT = 1e9 / 8;
const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

/** One of two processes: milliseconds of a mean over so many values as a training takes it, and of a message of a norm. */
async function exchange(size) {
  const { joinRanks } = await import('../dist/engine/ranks/ranks.js');
  const { openMpi } = await import('../dist/engine/ranks/mpi-library.js');
  const { createSharedMean } = await import('../dist/engine/ranks/shared-mean.js');
  const ranks = await joinRanks();
  const mpi = await openMpi(ranks.mpi);
  const mean = createSharedMean(mpi, ranks.size);
  const [vector, sent, received] = [size, 128, 128 * ranks.size].map((length) => new Float32Array(length));
  const times = (count, call) =>
    median(
      Array.from({ length: count }, () => {
        const start = performance.now();
        call();
        return performance.now() - start;
      }),
    );
  const found = {
    mean: times(20, () => mean.add([vector], true, ranks.size)),
    norm: times(200, () => mpi.allgather(sent, received, 128)),
  };
  if (ranks.rank === 0) console.log(JSON.stringify(found));
  ranks.agreeOnEnd();
}

function measure() {
  const folder = mkdtempSync(join(tmpdir(), 'otx-ranks-'));
  try {
    const images = ['--train', values.images, '--val', '2', '--width', values.size, '--height', values.size];
    const generate = fileURLToPath(new URL('generate.mjs', import.meta.url));
    execFileSync(process.execPath, [generate, join(folder, 'data'), ...images], { stdio: 'ignore' });
    report(folder);
  } finally {
    for (const name of NAMESPACES) spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
    rmSync(folder, { recursive: true, force: true });
  }
}

const OPEN_MPI = ['mpirun', '-np', '2', '--oversubscribe', '--bind-to', 'none'];
const NAMESPACES = ['otx-rank-0', 'otx-rank-1'];
/** UCX, which MPICH uses in Debian, would find shared memory. */
const OVER_NETWORK = [
  ...['mpirun.mpich', '-np', '2', '-genv', 'MPIR_CVAR_NOLOCAL', '1', '-genv', 'UCX_TLS', 'tcp,self'],
  ...['-genv', 'UCX_NET_DEVICES', 'wire0', 'sh', '-c', 'exec ip netns exec otx-rank-$PMI_RANK "$@"', 'sh'],
];

function run(launcher, words) {
  const [command, ...rest] = [...launcher, process.execPath, ...words];
  const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };
  const { status, stdout, stderr } = spawnSync(command, rest, { env, encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`${[command, ...rest].join(' ')}: ${stderr.trim().split('\n').slice(-3).join(' ')}`);
  return stdout;
}

/** Images a second in the second epoch, and the number of trained values. */
function train(folder, name, launcher, flags) {
  const output = join(folder, name);
  const data = join(folder, 'data');
  run(launcher, [
    ...[OTX, 'train', values.model, '--recipe', 'otx', '--pretrained', 'none', '-o', output, ...flags],
    ...['--train-data-roots', join(data, 'train'), '--val-data-roots', join(data, 'val'), 'params'],
    ...['--learning_parameters.input_size', `${values.size}x${values.size}`],
    ...['--learning_parameters.batch_size', values.batch, '--learning_parameters.num_iters', '2'],
    ...['--learning_parameters.auto_adapt_batch_size', 'None', '--learning_parameters.num_workers', '1'],
  ]);
  const events = readFileSync(join(output, 'events.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const rate = events.filter(({ type }) => type === 'epoch').at(-1).imagesPerSecond;
  return { rate, parameters: events.find(({ type }) => type === 'start').parameters };
}

/** Two namespaces with a link between them that is as fast as a network of 1 Gbit/s; why not where there are none. */
function makeNetwork() {
  const steps = [
    ...NAMESPACES.map((name) => ['ip', 'netns', 'add', name]),
    [
      'ip',
      'link',
      'add',
      'wire0',
      'netns',
      NAMESPACES[0],
      'type',
      'veth',
      'peer',
      'name',
      'wire0',
      'netns',
      NAMESPACES[1],
    ],
    ...NAMESPACES.flatMap((name, i) => [
      ['ip', '-n', name, 'addr', 'add', `10.77.0.${i + 1}/24`, 'dev', 'wire0'],
      ['ip', '-n', name, 'link', 'set', 'wire0', 'up'],
      ['ip', '-n', name, 'link', 'set', 'lo', 'up'],
      [
        'tc',
        '-n',
        name,
        'qdisc',
        'add',
        'dev',
        'wire0',
        'root',
        'tbf',
        'rate',
        '1gbit',
        'burst',
        '128kb',
        'latency',
        '50ms',
      ],
    ]),
  ];
  for (const [command, ...words] of steps) {
    const { status, error, stderr } = spawnSync(command, words, { encoding: 'utf8' });
    if (status !== 0) return `${command} ${words.join(' ')}: ${error?.message ?? stderr.trim()}`;
  }
  // A link is not there at once.
  for (const name of NAMESPACES) {
    const isUp = () =>
      spawnSync('ip', ['-n', name, '-br', 'link', 'show', 'up'], { encoding: 'utf8' }).stdout.includes(
        ' UP ',
      );
    for (let tries = 0; tries < 50 && !isUp(); tries++) spawnSync('sleep', ['0.1']);
  }
  return undefined;
}

function report(folder) {
  const print = (name, rate, base) =>
    console.log(
      `| ${name} | ${rate.toFixed(1)} | ${base === undefined ? '' : `${((100 * rate) / base).toFixed(0)} %`} |`,
    );
  console.log(
    `${cpus().length} cores, ${cpus()[0].model}; ${values.model}, ${values.size}x${values.size}, batches of ${values.batch}\n`,
  );
  console.log('| | images a second | of twice one thread |\n| --- | --- | --- |');
  const one = train(folder, 'one thread', [], ['--threads', '1']);
  const ideal = 2 * one.rate;
  print('one process, one thread', one.rate);
  print('one process, two threads', train(folder, 'two threads', [], ['--threads', '2']).rate, ideal);
  print('two processes, a thread each', train(folder, 'two', OPEN_MPI, ['--threads', '1']).rate, ideal);
  print(
    'the same with --sync-bn',
    train(folder, 'shared', OPEN_MPI, ['--threads', '1', '--sync-bn']).rate,
    ideal,
  );
  const words = [SELF, '--exchange', String(one.parameters)];
  const here = JSON.parse(run(OPEN_MPI, words));
  const problem = makeNetwork();
  let there;
  if (problem === undefined) {
    print(
      'two processes, 1 Gbit/s between them',
      train(folder, 'network', OVER_NETWORK, ['--threads', '1']).rate,
      ideal,
    );
    there = JSON.parse(run(OVER_NETWORK, words));
  } else console.log(`\nno network: ${problem}`);
  const told = ({ mean, norm }) =>
    `${mean.toFixed(2)} ms a step for the mean of ${one.parameters} values, ${norm.toFixed(3)} ms for a norm`;
  console.log(`\nwithin the machine: ${told(here)}`);
  if (!there) return;
  console.log(`over 1 Gbit/s: ${told(there)}`);
  const step = (1000 * Number(values.batch)) / one.rate;
  const wire = (4000 * one.parameters) / GIGABIT;
  const slowdown = there.mean / wire;
  for (const hosts of [2, 4, 8, 16]) {
    // Each sends and gets all parts but its own, twice, and waits for the last message of each round.
    const exchanged = 2 * ((hosts - 1) / hosts) * wire * slowdown + 2 * (hosts - 1) * there.norm;
    console.log(
      `${hosts} machines: ${exchanged.toFixed(0)} ms beside ${step.toFixed(0)} ms of computing, ${((100 * step) / (step + exchanged)).toFixed(0)} %`,
    );
  }
}

if (values.exchange !== undefined) await exchange(Number(values.exchange));
else measure();
