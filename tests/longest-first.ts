/**
 * @file The order of the test files: those that train, export and run commands before those of single functions, which then fill up the
 * time of both processes to the end. By default long ones begin anywhere, and one process is left alone with the last of them.
 */
import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const LONG = /^(tests\/(e2e|devices|openvino|parity|weights)|src\/(export|training|losses|methods))\//;

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) =>
      LONG.test(relative(this.ctx.config.root, moduleId).replaceAll('\\', '/'));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
