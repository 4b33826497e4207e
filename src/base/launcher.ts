/** @file Which process of a job this one is, as its launcher says: mpirun of Open MPI, mpiexec of MPICH and its kin, or srun. */

/** A process of a job that a launcher has started. */
export interface Launched {
  /** From 0. */
  readonly rank: number;
  /** Processes of the job. */
  readonly size: number;
  /** Whose variables said so. */
  readonly launcher: 'openmpi' | 'pmi' | 'slurm';
}

const VARIABLES = [
  ['openmpi', 'OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE'],
  ['pmi', 'PMI_RANK', 'PMI_SIZE'],
  ['slurm', 'SLURM_PROCID', 'SLURM_STEP_NUM_TASKS'],
] as const;

/**
 * The place of this process in a job of several; undefined for one that is alone, or is to think so: `OTX_MPI` is `off`.
 *
 * @param environment variables of the process.
 */
export function launchedProcess(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Launched | undefined {
  if (environment.OTX_MPI === 'off') return undefined;
  for (const [launcher, ofRank, ofSize] of VARIABLES) {
    const [rank, size] = [environment[ofRank], environment[ofSize]].map((text) =>
      /^\d+$/.test(text ?? '') ? Number(text) : Number.NaN,
    ) as [number, number];
    if (rank < size) return size > 1 ? { rank, size, launcher } : undefined;
  }
  return undefined;
}
