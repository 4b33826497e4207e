/** @file What reads exported files of a format: whatever it is, what runs is an ONNX model in a process of its own. */

/** A format of exported files. */
export interface ModelReader {
  /** What {@link LoadedModel} calls it. */
  readonly name: string;
  /**
   * Whether a file is of this format, or claims to be.
   * @param head its first bytes; none of a file that cannot be read, whose name then decides.
   */
  recognises(head: Uint8Array, path: string): boolean;
  /**
   * The bytes of an ONNX model that does the same, with the same metadata (see model-entry.ts). Reads nothing outside of the folder of
   * the file. That the bytes make sense is looked at when they are run.
   * @throws OtxError `checkpoint`
   */
  toOnnx(path: string): Promise<Uint8Array>;
}
