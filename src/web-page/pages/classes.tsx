/** @file Classes with their names and colours. */

import { useState } from 'preact/hooks';
import { nameProblem } from '../../base/names.js';
import { defaultPalette } from '../../data/masks/palette.js';
import { type ClassInfo, IGNORE_INDEX } from '../../data/types.js';
import { cssColor } from '../../page-parts/colors.js';
import { change, now, useShared } from './store.js';

const MOST_CLASSES = 32;

const hex = ({ color }: ClassInfo): string =>
  `#${color.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;

function colorOf(text: string): ClassInfo['color'] {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16));
  return [red!, green!, blue!];
}

/** @returns why a name cannot be given to a class; undefined where it can */
function problemOf(name: string, index: number): string | undefined {
  const problem = nameProblem(name);
  if (problem !== undefined) return `The name ${problem}.`;
  const isTaken = now().classes.some(
    (each, at) => at !== index && each.name.toLowerCase() === name.toLowerCase(),
  );
  return isTaken ? `There is a class ${name} already.` : undefined;
}

const replace = (index: number, part: Partial<ClassInfo>) =>
  change({ classes: now().classes.map((each, at) => (at === index ? { ...each, ...part } : each)) });

interface ClassesProps {
  readonly label: number;
  readonly onLabel: (label: number) => void;
}

/** To choose among, to rename and recolour, and to add to. The first is the background, and stays so. */
export function Classes({ label, onLabel }: ClassesProps) {
  const { classes } = useShared();
  const [name, setName] = useState('');
  const [problem, setProblem] = useState<string>();
  const take = (text: string, index: number): boolean => {
    const found = problemOf(text.trim(), index);
    setProblem(found);
    return found === undefined;
  };
  const add = (event: Event) => {
    event.preventDefault();
    if (!take(name, classes.length)) return;
    const color = defaultPalette(classes.length + 1).at(-1)!;
    change({ classes: [...classes, { name: name.trim(), color }] });
    onLabel(classes.length);
    setName('');
  };
  return (
    <fieldset>
      <legend>Classes</legend>
      <div class="classes">
        {classes.map((info, index) => (
          <div class="class" key={index}>
            <button type="button" aria-pressed={label === index} onClick={() => onLabel(index)}>
              <span class="swatch" style={{ background: cssColor(info) }} />
              {index < 10 ? `${index} ` : ''}
              {info.name}
            </button>
            {index > 0 && (
              <input
                type="color"
                aria-label={`Colour of ${info.name}`}
                value={hex(info)}
                onChange={(event) => replace(index, { color: colorOf(event.currentTarget.value) })}
              />
            )}
          </div>
        ))}
        <button type="button" aria-pressed={label === IGNORE_INDEX} onClick={() => onLabel(IGNORE_INDEX)}>
          <span class="swatch" style={{ background: '#fff' }} />i ignored
        </button>
      </div>
      {label > 0 && label < classes.length && (
        <label>
          Name of class {label}
          <input
            value={classes[label]!.name}
            onChange={(event) => {
              const text = event.currentTarget.value.trim();
              if (take(text, label)) replace(label, { name: text });
              else event.currentTarget.value = classes[label]!.name;
            }}
          />
        </label>
      )}
      {classes.length < MOST_CLASSES && (
        <form class="row" onSubmit={add}>
          <input
            aria-label="Name of a new class"
            value={name}
            size={14}
            onInput={(event) => setName(event.currentTarget.value)}
          />
          <button type="submit" disabled={name.trim() === ''}>
            Add
          </button>
        </form>
      )}
      {problem && (
        <p class="error" role="alert">
          {problem}
        </p>
      )}
    </fieldset>
  );
}
