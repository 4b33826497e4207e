/** @file A box that takes files: dropped on it, or chosen by the keyboard. */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { type DroppedFile, droppedFiles } from './files.js';

/** A way to choose files. */
export interface FileInput {
  readonly label: string;
  /** As of an input of files. Default: all, or a whole folder. */
  readonly accept?: string;
  readonly isMultiple?: boolean;
  readonly isFolder?: boolean;
}

interface DropBoxProps {
  readonly legend: string;
  /** What may be dropped, and what becomes of it. */
  readonly text: string;
  readonly inputs: readonly FileInput[];
  readonly isDisabled?: boolean;
  /** Takes them, those of folders with their places; rejects where they cannot be read. */
  readonly onFiles: (files: Promise<readonly DroppedFile[]>) => void;
  readonly children?: ComponentChildren;
}

/** The box, with anything below its inputs. */
export function DropBox({ legend, text, inputs, isDisabled = false, onFiles, children }: DropBoxProps) {
  const [isOver, setOver] = useState(false);
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (isDisabled) return;
    const items = [...(event.dataTransfer?.items ?? [])];
    onFiles(droppedFiles(items.flatMap((item) => item.webkitGetAsEntry() ?? [])));
  };
  const onChoose = (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    const chosen = [...(input.files ?? [])];
    onFiles(
      Promise.resolve(chosen.map((file) => ({ path: file.webkitRelativePath || file.name, content: file }))),
    );
    // So that the same may be chosen again.
    input.value = '';
  };
  return (
    <fieldset
      disabled={isDisabled}
      class={isOver ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <legend>{legend}</legend>
      <p class="quiet">{text}</p>
      {inputs.map(({ label, accept, isMultiple, isFolder }) => (
        <label key={label}>
          {label}{' '}
          <input
            type="file"
            multiple={isMultiple}
            {...(accept !== undefined && { accept })}
            {...(isFolder && { webkitdirectory: true })}
            onChange={onChoose}
          />
        </label>
      ))}
      {children}
    </fieldset>
  );
}
