/** @file The processes of a job that train together, as one of them sees them. */
import { hostname } from 'node:os';
import { messageOf, OtxError } from '../../base/errors.js';
import { type Launched, launchedProcess } from '../../base/launcher.js';
import { type MpiLibrary, mpiCandidates, openMpi } from './mpi-library.js';

/** The processes of a job. */
export interface Ranks {
  /** Of this process, from 0. */
  readonly rank: number;
  readonly size: number;
  /** Processes on this machine. */
  readonly local: number;
  /** File of the library through which they talk; undefined for one process that is alone. */
  readonly mpi: string | undefined;
  /** What every process says, in their order; all have to call it. Values are sent as JSON. */
  share<T>(value: T): Promise<readonly T[]>;
  /** To be called when all have come to the same end: only then may the process end without ending the job. */
  agreeOnEnd(): void;
}

/** One process that is no part of a job. */
export const ALONE: Ranks = {
  ...{ rank: 0, size: 1, local: 1, mpi: undefined },
  share: async (value) => [value],
  agreeOnEnd: () => undefined,
};

/** What is wrong with all processes the first one says, which it must still be able to when another one ends the job. */
const LAST_WORDS_MILLISECONDS = 700;

let joined: Promise<Ranks> | undefined;

/**
 * Joins the other processes of a job that a launcher has started; {@link ALONE} for a process that is alone. Waits until all have
 * come. The process leaves them when it ends: with all of them, or, where there was no agreement on the end, ending the job.
 *
 * @throws OtxError `usage` when there is no MPI that fits the launcher.
 */
export function joinRanks(): Promise<Ranks> {
  const launched = launchedProcess();
  if (!launched) return Promise.resolve(ALONE);
  joined ??= join(launched);
  return joined;
}

async function join(launched: Launched): Promise<Ranks> {
  const { mpi, path } = await findMpi(launched);
  refuseWithoutPmix(launched, mpi.kind);
  // Who waits for others must not keep a core from the threads that load images.
  process.env.OMPI_MCA_mpi_yield_when_idle ??= '1';
  let isAgreed = false;
  mpi.init();
  const [rank, size] = [mpi.rank(), mpi.size()];
  process.once('exit', (code) => {
    if (isAgreed) return mpi.finalize();
    if (rank > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LAST_WORDS_MILLISECONDS);
    mpi.abort(code || 1);
  });
  if (size !== launched.size) {
    isAgreed = true;
    throw new OtxError(
      'usage',
      `this is process ${launched.rank} of ${launched.size} by the variables of its launcher, but ${mpi.kind} (${path}) knows of ${size}: ` +
        (launched.launcher === 'slurm'
          ? `start with ${SRUN}`
          : 'launcher and library are of different kinds; use the mpirun that belongs to it, or name the library with OTX_MPI'),
    );
  }
  const share = async <T>(value: T): Promise<readonly T[]> => {
    const bytes = Buffer.from(JSON.stringify(value));
    const lengths = new Uint8Array(4 * size);
    await mpi.gatherBytes(new Uint8Array(Uint32Array.of(bytes.length).buffer), lengths);
    const each = [...new Uint32Array(lengths.buffer)];
    const longest = Math.max(...each);
    const sent = new Uint8Array(longest);
    sent.set(bytes);
    const all = new Uint8Array(longest * size);
    await mpi.gatherBytes(sent, all);
    return each.map((length, i) => {
      const text = Buffer.from(all.buffer, i * longest, length).toString();
      return JSON.parse(text) as T;
    });
  };
  const hosts = await share(hostname());
  return {
    ...{ rank, size, mpi: path, share },
    local: hosts.filter((host) => host === hosts[rank]).length,
    agreeOnEnd: () => {
      isAgreed = true;
    },
  };
}

const SRUN = 'srun --mpi=pmix for Open MPI, srun --mpi=pmi2 for MPICH';

/**
 * Open MPI ends the process, with a page on how to build it, when srun has offered it nothing to talk to. Builds that know Slurm's own PMI
 * do without; who has one names it.
 *
 * @throws OtxError `usage`
 */
export function refuseWithoutPmix(
  { rank, size, launcher }: Launched,
  kind: MpiLibrary['kind'],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): void {
  if (launcher !== 'slurm' || kind !== 'Open MPI' || environment.PMIX_RANK || environment.OTX_MPI) return;
  throw new OtxError(
    'usage',
    `srun has started this as process ${rank} of ${size}, but without PMIx, through which Open MPI finds the others: start with ${SRUN} ` +
      '(srun --mpi=list shows what it has), with mpirun inside of the job, or let each process train by itself with OTX_MPI=off',
  );
}

async function findMpi({
  rank,
  size,
  launcher,
}: Launched): Promise<{ readonly mpi: MpiLibrary; readonly path: string }> {
  const reasons: string[] = [];
  for (const path of mpiCandidates(launcher)) {
    try {
      return { mpi: await openMpi(path), path };
    } catch (error) {
      reasons.push(`${path}: ${messageOf(error)}`);
    }
  }
  throw new OtxError(
    'usage',
    `this is process ${rank} of ${size} of a job, but they cannot talk to each other (${reasons.join('; ')}); install Open MPI or MPICH ` +
      'and koffi (npm install koffi), name the library with OTX_MPI, or let each process train by itself with OTX_MPI=off',
  );
}
