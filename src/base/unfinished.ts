/**
 * @file Files that are being written, in all threads of the process, so that a process that has to end at once can remove
 * them first.
 */

import { rmSync } from 'node:fs';
import { BroadcastChannel, isMainThread, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';

interface Note {
  readonly path: string;
  readonly isUnderWay: boolean;
}

const CHANNEL = 'otx: unfinished files';
const underWay = new Set<string>();
let channel: BroadcastChannel | undefined;

/** Notes a temporary file that is about to be made; to be called back when it is gone. */
export function unfinished(path: string): () => void {
  tell({ path, isUnderWay: true });
  return () => tell({ path, isUnderWay: false });
}

/** Makes the main thread listen to what threads write. To be called before it starts a thread that writes files. */
export function watchThreads(): void {
  openChannel().onmessage = (event) => note((event as { data: Note }).data);
  openChannel().unref();
}

/** Removes what is unfinished now. Their writers fail from here on: only for a process that ends. */
export function removeUnfinished(): void {
  // It takes channels too; only the types do not say so.
  const port = channel as unknown as MessagePort | undefined;
  for (let next = port && receiveMessageOnPort(port); port && next; next = receiveMessageOnPort(port)) {
    note(next.message as Note);
  }
  for (const path of underWay) {
    try {
      rmSync(path, { force: true });
    } catch {}
  }
}

function tell(news: Note): void {
  if (isMainThread) note(news);
  else openChannel().postMessage(news);
}

function note({ path, isUnderWay }: Note): void {
  if (isUnderWay) underWay.add(path);
  else underWay.delete(path);
}

function openChannel(): BroadcastChannel {
  if (!channel) {
    channel = new BroadcastChannel(CHANNEL);
    channel.unref();
  }
  return channel;
}
