/**
 * @file The mean of vectors of several processes, in one order of additions however many processes there are: each gets one part of
 * all vectors, adds them up in the order of the processes, and gives the others what has become of it. That is as much traffic as
 * MPI's own Allreduce has on a ring, whose order depends on the number of processes and on the algorithm it chooses.
 */
import { addTo, divide, eachPart, type Mean } from '../mean.js';
import type { MpiLibrary } from './mpi-library.js';

/**
 * A mean over all processes, each of which has an addend in every round. Calls are made by all with vectors of the same lengths.
 * `count` is the number of addends of all.
 */
export function createSharedMean(mpi: Pick<MpiLibrary, 'alltoall' | 'allgather'>, ranks: number): Mean {
  let size = 0;
  let [own, whole, received] = [new Float32Array(0), new Float32Array(0), new Float32Array(0)];
  const resize = (wanted: number) => {
    size = wanted;
    const part = Math.ceil(size / ranks);
    own = new Float32Array(part);
    whole = new Float32Array(part * ranks);
    received = new Float32Array(part * ranks);
  };
  return {
    add: (vectors, isFirst, count) => {
      const wanted = vectors.reduce((total, { length }) => total + length, 0);
      if (isFirst && size !== wanted) resize(wanted);
      if (size !== wanted) throw new Error(`an addend has ${wanted} values, the sum has ${size}`);
      eachPart(whole, vectors, (part, vector) => part.set(vector));
      mpi.alltoall(whole, received, own.length);
      for (let rank = 0; rank < ranks; rank++) {
        const part = received.subarray(rank * own.length, (rank + 1) * own.length);
        if (isFirst && rank === 0) own.set(part);
        else addTo(own, part);
      }
      if (count === undefined) return;
      divide(own, count);
      mpi.allgather(own, whole, own.length);
      eachPart(whole, vectors, (part, vector) => vector.set(part));
    },
  };
}
