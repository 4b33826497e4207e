/** @file Channel shuffle of two halves, and its counterpart, the split into halves. */
import { concat, reshape, split } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';

/** x [N, C, H, W] → its first and second half of the channels. */
export function channelHalves(x: Tensor): readonly [Tensor, Tensor] {
  const half = x.shape[1]! / 2;
  const [first, second] = split(x, [half, half], 1);
  return [first!, second!];
}

/**
 * Concatenates two [N, C/2, H, W] maps and shuffles the channels in two groups (https://arxiv.org/abs/1707.01083):
 * channel 2k is first[k], channel 2k+1 is second[k]. Joining along a new axis does both in one copy.
 */
export function shuffledConcat(first: Tensor, second: Tensor): Tensor {
  const [n, half, h, w] = first.shape as [number, number, number, number];
  const stacked = concat(
    [first, second].map((t) => reshape(t, [n, half, 1, h, w])),
    2,
  );
  return reshape(stacked, [n, 2 * half, h, w]);
}
