/** @file The mean of vectors that come one after the other, in memory that is kept between means. */

export interface Mean {
  /**
   * Adds vectors, which together are one addend, in float32 and in the order of the calls.
   *
   * @param isFirst whether a sum begins.
   * @param count how many addends there were, if this is the last one: the mean is then written into the vectors.
   * @throws Error for vectors of another length than those of the first addend.
   */
  add(vectors: readonly Float32Array[], isFirst: boolean, count?: number): void;
}

export function createMean(): Mean {
  let sum = new Float32Array(0);
  return {
    add: (vectors, isFirst, count) => {
      const size = vectors.reduce((total, { length }) => total + length, 0);
      if (isFirst && sum.length !== size) sum = new Float32Array(size);
      if (sum.length !== size) throw new Error(`an addend has ${size} values, the sum has ${sum.length}`);
      if (isFirst) eachPart(sum, vectors, (part, vector) => part.set(vector));
      else eachPart(sum, vectors, addTo);
      if (count === undefined) return;
      divide(sum, count);
      eachPart(sum, vectors, (part, vector) => vector.set(part));
    },
  };
}

/** Calls with the part of `whole` that belongs to each vector, of which it is made end to end. */
export function eachPart(
  whole: Float32Array,
  vectors: readonly Float32Array[],
  use: (part: Float32Array, vector: Float32Array) => void,
): void {
  let offset = 0;
  for (const vector of vectors) {
    use(whole.subarray(offset, offset + vector.length), vector);
    offset += vector.length;
  }
}

/** Rounds to float32 after each addition. */
export function addTo(sum: Float32Array, addend: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + addend[i]!;
}

export function divide(sum: Float32Array, count: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! / count;
}
