/** @file Which version of this package wrote a file: browsers cannot read package.json. A test compares. */

/** As in package.json. */
export const version = '0.1.0';
