import { expect, test } from 'vitest';
import type { Launched } from '../../base/launcher.js';
import { refuseWithoutPmix } from './ranks.js';

const bySlurm: Launched = { rank: 1, size: 4, launcher: 'slurm' };

test('Open MPI that srun gives no PMIx is refused before it ends the process', () => {
  expect(() => refuseWithoutPmix(bySlurm, 'Open MPI', {})).toThrow(
    /process 1 of 4, but without PMIx.*srun --mpi=pmix for Open MPI/,
  );
});

test.each([
  ['PMIx is there', bySlurm, 'Open MPI', { PMIX_RANK: '1' }],
  ['the library is named', bySlurm, 'Open MPI', { OTX_MPI: '/opt/openmpi/lib/libmpi.so' }],
  ['MPICH', bySlurm, 'MPICH', {}],
  ['mpirun', { rank: 1, size: 4, launcher: 'openmpi' }, 'Open MPI', {}],
] as const)('it is not where %s', (_, launched, kind, environment) => {
  expect(() => refuseWithoutPmix(launched, kind, environment)).not.toThrow();
});
