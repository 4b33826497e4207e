/** @file What ONNX Runtime says, for users: one line, without the places in its sources where it was said. */

/** A path of a source file with its line, and the signature of the function that follows it up to its last parameter. */
const SOURCE =
  /\/?(?:[\w.+-]+\/)+[\w.+-]+\.(?:cc|cpp|cu|h|hpp):\d+(?:\s+[^\n]*?\([^()\n]*\)(?:\s*const)?(?=\s))?/g;

/** The file alone, and the name of the function, which is told from a word by the capital within it. */
const SHORT_SOURCE = /[\w+-]+\.(?:cc|cpp|cu|h|hpp):\d+(?:\s+[A-Z]\w*[a-z]\w*[A-Z]\w*(?=\s))?/g;

/** An error within an error begins with this. */
const CODE = /\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : /g;

/** @param message may have line breaks and stack traces. */
export function plainMessage(message: string): string {
  return (message.split('\n')[0] as string)
    .replace(SOURCE, '')
    .replace(SHORT_SOURCE, '')
    .replace(CODE, '')
    .replace(/\s{2,}/g, ' ')
    .trim();
}
