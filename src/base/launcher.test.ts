import { expect, test } from 'vitest';
import { launchedProcess } from './launcher.js';

test.each([
  [
    { OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_SIZE: '4', PMI_RANK: '0', PMI_SIZE: '1' },
    { rank: 1, size: 4, launcher: 'openmpi' },
  ],
  [
    { PMI_RANK: '0', PMI_SIZE: '2' },
    { rank: 0, size: 2, launcher: 'pmi' },
  ],
  [
    { SLURM_PROCID: '3', SLURM_STEP_NUM_TASKS: '4' },
    { rank: 3, size: 4, launcher: 'slurm' },
  ],
  [{ SLURM_PROCID: '0', SLURM_NTASKS: '4' }, undefined],
  [{ OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '1' }, undefined],
  [{ OMPI_COMM_WORLD_RANK: '', OMPI_COMM_WORLD_SIZE: '2' }, undefined],
  [{ PMI_RANK: '0', PMI_SIZE: '2', OTX_MPI: 'off' }, undefined],
  [{}, undefined],
])('%o is the process %o', (environment, expected) => {
  expect(launchedProcess(environment)).toEqual(expected);
});
