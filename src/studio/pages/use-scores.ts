/** @file The scores of a model, as they come. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { getScores, type ModelScores } from './look-api.js';
import { attempt, useNews } from './store.js';

const SELDOM_MILLISECONDS = 300;

/** Undefined until they are there; asked for again, what is known left out, while images are scored and when labels change. */
export function useScores(model: string | undefined): ModelScores | undefined {
  const [scores, setScores] = useState<ModelScores>();
  const latest = useRef<ModelScores | undefined>(undefined);
  const wanted = useRef(model);
  wanted.current = model;
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const ask = (isNew: boolean) =>
    attempt(async () => {
      if (model === undefined) return;
      const found = await getScores(model, isNew ? undefined : latest.current);
      if (wanted.current !== model) return;
      latest.current = found;
      setScores(found);
    });
  useEffect(() => {
    void ask(true);
    return () => clearTimeout(timer.current);
  }, [model]);
  useNews(({ type, isRunning }) => {
    if (type === 'images') void ask(true);
    if (type !== 'score') return;
    if (isRunning === false) {
      clearTimeout(timer.current);
      timer.current = undefined;
      void ask(false);
    } else
      timer.current ??= setTimeout(() => {
        timer.current = undefined;
        void ask(false);
      }, SELDOM_MILLISECONDS);
  });
  return scores?.model === model ? scores : undefined;
}
