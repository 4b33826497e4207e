/** @file Why a model for OpenVINO is not read. */

/** A clause without the name of the file. */
export class UnusableIr extends Error {}

/** @throws UnusableIr */
export function refuseIr(reason: string): never {
  throw new UnusableIr(reason);
}
