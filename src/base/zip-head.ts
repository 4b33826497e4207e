/** @file What the beginning of a zip file says of it: files of PyTorch are zip files, and so are deployed models. */

/** "PK", and the numbers of an entry. */
const SIGNATURE = [0x50, 0x4b, 0x03, 0x04];
/** Where the header of an entry has the length of its name, and where the name begins. */
const NAME_LENGTH_AT = 26;
const NAME_AT = 30;
/** What the first entry of a file of PyTorch is called. */
const OF_PYTORCH = /\/(data\.pkl|version|byteorder|\.format_version)$|\.data\/serialization_id$/;
const NAMED_PYTORCH = /\.(pth|pt|ckpt)$/i;

/** Whether a file is a zip file that neither its name nor its first entry makes one of PyTorch. @param head its first bytes */
export function isPlainZip(head: Uint8Array, path: string): boolean {
  if (NAMED_PYTORCH.test(path) || !SIGNATURE.every((byte, at) => head[at] === byte)) return false;
  const length = head[NAME_LENGTH_AT]! + 256 * head[NAME_LENGTH_AT + 1]!;
  return !OF_PYTORCH.test(Buffer.from(head.subarray(NAME_AT, NAME_AT + length)).toString('utf8'));
}
