/**
 * @file The MPI library of the machine, called as it is: nothing is compiled. Two kinds of handles exist: Open MPI's are addresses
 * of its globals, those of MPICH and its kin (Intel MPI, MVAPICH) are numbers, fixed in their common binary interface.
 */
import { basename } from 'node:path';
import type { Launched } from '../../base/launcher.js';
import { importKoffi } from '../native/import-koffi.js';

/** Calls of MPI among all processes of the job. Each blocks its thread until the others have made it too. */
export interface MpiLibrary {
  readonly kind: 'Open MPI' | 'MPICH';
  /** @throws Error when threads cannot be used. */
  init(): void;
  rank(): number;
  size(): number;
  /** Gives every process its part of `sent`, which has one of `count` values for each, and takes theirs. */
  alltoall(sent: Float32Array, received: Float32Array, count: number): void;
  /** Puts what all send, `count` values each, one after the other. */
  allgather(sent: Float32Array, received: Float32Array, count: number): void;
  /** The same of bytes, without blocking the thread. One at a time, and none of the others in the meantime. */
  gatherBytes(sent: Uint8Array, received: Uint8Array): Promise<void>;
  finalize(): void;
  /** Ends all processes of the job. */
  abort(code: number): void;
}

/** Several threads call, one after the other. */
const THREADS_TAKE_TURNS = 2;
const ANY_THREAD = 3;
/** Handles of the MPICH ABI. */
const MPICH = { world: 0x44000000, float: 0x4c00040a, byte: 0x4c00010d } as const;

const NAMES: Readonly<Record<'openmpi' | 'mpich', readonly string[]>> =
  process.platform === 'darwin'
    ? { openmpi: ['libmpi.40.dylib'], mpich: ['libmpi.12.dylib', 'libmpich.12.dylib'] }
    : { openmpi: ['libmpi.so.40'], mpich: ['libmpi.so.12', 'libmpich.so.12'] };

/** Files that may be the library, those of the launcher's kind first. `OTX_MPI` is the path of another one. */
export function mpiCandidates(
  launcher: Launched['launcher'],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): readonly string[] {
  if (environment.OTX_MPI) return [environment.OTX_MPI];
  const { openmpi, mpich } = NAMES;
  return launcher === 'pmi' ? [...mpich, ...openmpi] : [...openmpi, ...mpich];
}

/**
 * Of UCX, on which MPICH may be built. To know of every mapping it rewrites functions of the C library while the process runs; one start in
 * some thirty ended in V8's collector, at an address that was no longer mapped. Who needs it for a network card sets it back.
 */
const UNDER_MPICH = { UCX_MEM_EVENTS: 'no' } as const;

/** @throws Error saying why the library cannot be used. */
export async function openMpi(path: string): Promise<MpiLibrary> {
  const koffi = await importKoffi();
  if (NAMES.mpich.includes(basename(path))) {
    // Read by the C library's own environment, which a thread's process.env is a copy of.
    const setenv = koffi.load(null).func('int setenv(const char *name, const char *value, int overwrite)');
    for (const [name, value] of Object.entries(UNDER_MPICH)) setenv(name, value, 0);
  }
  const library = koffi.load(path);
  stayLoaded(koffi, path);
  const isOpenMpi = has(() => library.symbol('ompi_mpi_comm_world', 'char'));
  const handle = isOpenMpi ? 'void *' : 'int';
  const symbol = (name: string): unknown => library.symbol(name, 'char');
  const { world, float, byte } = isOpenMpi
    ? {
        world: symbol('ompi_mpi_comm_world'),
        float: symbol('ompi_mpi_float'),
        byte: symbol('ompi_mpi_byte'),
      }
    : MPICH;
  const collective = (name: string) =>
    library.func(
      `int ${name}(const void *sent, int count, ${handle} type, void *received, int each, ${handle} kind, ${handle} world)`,
    );
  const init = library.func('int MPI_Init_thread(void *argc, void *argv, int wanted, _Out_ int *provided)');
  const rank = library.func(`int MPI_Comm_rank(${handle} world, _Out_ int *rank)`);
  const size = library.func(`int MPI_Comm_size(${handle} world, _Out_ int *size)`);
  const finalize = library.func('int MPI_Finalize()');
  const abort = library.func(`int MPI_Abort(${handle} world, int code)`);
  const alltoall = collective('MPI_Alltoall');
  const allgather = collective('MPI_Allgather');
  const numberFrom = (call: (place: number[]) => unknown): number => {
    const place = [0];
    call(place);
    return place[0]!;
  };
  return {
    kind: isOpenMpi ? 'Open MPI' : 'MPICH',
    init: () => {
      const provided = numberFrom((place) => init(null, null, ANY_THREAD, place));
      if (provided < THREADS_TAKE_TURNS) throw new Error('it was built without support for threads');
    },
    rank: () => numberFrom((place) => rank(world, place)),
    size: () => numberFrom((place) => size(world, place)),
    alltoall: (sent, received, count) => {
      alltoall(sent, count, float, received, count, float, world);
    },
    allgather: (sent, received, count) => {
      allgather(sent, count, float, received, count, float, world);
    },
    gatherBytes: (sent, received) =>
      new Promise((resolve, reject) => {
        const count = sent.length;
        // Another thread reads and writes them: whose buffer was asked for is not moved, and what is named below is not collected.
        const places = [sent.buffer, received.buffer];
        allgather.async(sent, count, byte, received, count, byte, world, (error: Error | null) => {
          if (error || places.length === 0) reject(error);
          else resolve();
        });
      }),
    finalize: () => void finalize(),
    abort: (code) => void abort(world, code),
  };
}

/**
 * koffi unloads a library when the process ends, and then the threads of Node's pool end, which Open MPI has given something to free: by a
 * function of its own, that would be gone. A handle that nobody closes keeps it.
 */
function stayLoaded(koffi: Awaited<ReturnType<typeof importKoffi>>, path: string): void {
  if (process.platform === 'win32') return;
  const RTLD_NOW = 2;
  koffi.load(null).func('void *dlopen(const char *path, int how)')(path, RTLD_NOW);
}

function has(look: () => unknown): boolean {
  try {
    look();
    return true;
  } catch {
    return false;
  }
}
