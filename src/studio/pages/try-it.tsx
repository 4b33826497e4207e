/** @file An exported file tried in the page: a picture in, its classes over it, without any server. */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { DropBox } from '../../page-parts/drop-box.js';
import { Slider } from '../../page-parts/fields.js';
import type { DroppedFile } from '../../page-parts/files.js';
import { cssColor, getBytes } from './api.js';
import type { Reply, Request } from './segmenter-worker.js';
import { change } from './store.js';
import { Viewer } from './viewer.js';

type Found = Extract<Reply, { readonly type: 'segmented' }>['found'];

interface TryProps {
  /** Addresses of exported ONNX files, by what they are called. */
  readonly files: readonly (readonly [title: string, address: string])[];
}

interface Tried {
  readonly name: string;
  readonly image: ImageBitmap;
  readonly found: Found;
}

/** A thread with a model, which ends with the page or with another choice. */
function useSegmenter(address: string) {
  const worker = useRef<Worker | undefined>(undefined);
  const [state, setState] = useState('opening …');
  const waiting = useRef<((reply: Reply) => void) | undefined>(undefined);
  const ask = (request: Request): Promise<Reply> =>
    new Promise((resolve) => {
      waiting.current = resolve;
      worker.current?.postMessage(request);
    });
  useEffect(() => {
    let isGone = false;
    const own = new Worker('segmenter.js', { type: 'module' });
    worker.current = own;
    own.onmessage = ({ data }: MessageEvent<Reply>) => waiting.current?.(data);
    own.onerror = ({ message }) =>
      waiting.current?.({ type: 'failed', message: message || 'its thread ended' });
    setState('opening …');
    getBytes(address)
      .then((model) => ask({ type: 'open', model }))
      .then(
        (reply) => {
          if (isGone) return;
          if (reply.type === 'opened') setState(`ready; it looks at ${reply.width}x${reply.height} pixels`);
          else if (reply.type === 'failed') setState(`cannot be opened: ${reply.message}`);
        },
        (error: unknown) => setState(error instanceof Error ? error.message : String(error)),
      );
    return () => {
      isGone = true;
      own.terminate();
    };
  }, [address]);
  return { state, isReady: state.startsWith('ready'), ask };
}

/** The part of the page. */
export function TryIt({ files }: TryProps) {
  const [chosen, setChosen] = useState<string>();
  const address = files.some(([, each]) => each === chosen) ? chosen! : files[0]![1];
  return (
    <section aria-label="Try it">
      <h2>Try it in this page</h2>
      <label>
        File{' '}
        <select value={address} onChange={(event) => setChosen(event.currentTarget.value)}>
          {files.map(([title, each]) => (
            <option key={each} value={each}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <TryFile key={address} address={address} />
    </section>
  );
}

function TryFile({ address }: { readonly address: string }) {
  const { state, isReady, ask } = useSegmenter(address);
  const [tried, setTried] = useState<Tried>();
  const [isBusy, setBusy] = useState(false);
  const [opacity, setOpacity] = useState(0.6);
  const take = async (files: Promise<readonly DroppedFile[]>) => {
    setBusy(true);
    try {
      const [file] = await files;
      if (!file) return;
      const { path: name, content: picture } = file;
      const reply = await ask({ type: 'segment', picture });
      if (reply.type === 'failed') throw new Error(`${name}: ${reply.message}`);
      if (reply.type !== 'segmented') return;
      setTried({ name, image: await createImageBitmap(picture), found: reply.found });
      change({ error: undefined });
    } catch (error) {
      change({ error: error instanceof Error ? error.message : String(error) });
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <DropBox
        legend="Picture"
        text="Drop a picture. It is segmented by this browser, from the exported file alone."
        inputs={[{ label: 'Picture to segment', accept: 'image/*' }]}
        isDisabled={!isReady || isBusy}
        onFiles={(files) => void take(files)}
      >
        <span role="status">{isBusy ? 'segmenting …, a large picture window by window' : state}</span>
      </DropBox>
      {tried && <Result tried={tried} opacity={opacity} onOpacity={setOpacity} />}
    </>
  );
}

interface ResultProps {
  readonly tried: Tried;
  readonly opacity: number;
  readonly onOpacity: (opacity: number) => void;
}

function Result({ tried: { name, image, found }, opacity, onOpacity }: ResultProps) {
  const panes = useMemo(() => [{ title: name }, { title: 'classes', labels: found.labels }], [name, found]);
  const { prepare, network, classify } = found.milliseconds;
  return (
    <>
      <Slider label="Opacity" min={0} max={1} step={0.05} value={opacity} onInput={onOpacity} />
      <div class="tried">
        <Viewer image={image} panes={panes} classes={found.classes} opacity={opacity} />
      </div>
      <p class="row found">
        {found.classes.map((info) => (
          <span key={info.name}>
            <span class="swatch" style={{ background: cssColor(info) }} />
            {info.name} {(100 * info.share).toFixed(1)} %
          </span>
        ))}
      </p>
      <p class="quiet">
        {found.width}x{found.height} pixels{found.windows > 1 ? ` in ${found.windows} windows` : ''}; network{' '}
        {network.toFixed(0)} ms, the rest {(prepare + classify).toFixed(0)} ms, on one thread of this browser
      </p>
    </>
  );
}
