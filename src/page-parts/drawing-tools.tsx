/** @file Tools of a page on which masks are drawn, as buttons and as keys. */

import { IGNORE_INDEX } from '../data/types.js';
import type { Tool } from './board.js';
import { useKeys } from './keys.js';

/** Tools with their titles and keys. */
export const DRAWING_TOOLS: readonly (readonly [tool: Tool, title: string, key: string])[] = [
  ['brush', 'Brush', 'b'],
  ['eraser', 'Eraser', 'e'],
  ['polygon', 'Polygon', 'p'],
  ['fill', 'Magic fill', 'm'],
  ['pan', 'Move', 'h'],
];

const LARGEST_BRUSH = 100;

interface DrawingToolsProps {
  readonly tools: typeof DRAWING_TOOLS;
  readonly tool: Tool;
  readonly onTool: (tool: Tool) => void;
  readonly onBack: (isRedo: boolean) => void;
}

/** To choose a tool, and to take steps back. */
export function DrawingTools({ tools, tool, onTool, onBack }: DrawingToolsProps) {
  return (
    <>
      <div class="row">
        {tools.map(([name, title, key]) => (
          <button
            type="button"
            key={name}
            aria-pressed={tool === name}
            title={`key ${key}`}
            onClick={() => onTool(name)}
          >
            {title}
          </button>
        ))}
      </div>
      <div class="row">
        <button type="button" onClick={() => onBack(false)} title="Ctrl+Z">
          Undo
        </button>
        <button type="button" onClick={() => onBack(true)} title="Ctrl+Y">
          Redo
        </button>
      </div>
    </>
  );
}

interface DrawingKeys extends Omit<DrawingToolsProps, 'tool'> {
  /** Of the brush, in pixels. */
  readonly radius: number;
  /** How many there are. */
  readonly classes: number;
  readonly onRadius: (radius: number) => void;
  readonly onLabel: (label: number) => void;
  /** To another picture. */
  readonly onMove: (step: number) => void;
  /** Default: the browser's own. */
  readonly onSave?: () => void;
}

/** The keys of the page. */
export function useDrawingKeys(keys: DrawingKeys): void {
  useKeys((event) => {
    const letter = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      if (letter === 'z') keys.onBack(event.shiftKey);
      else if (letter === 'y') keys.onBack(true);
      else if (letter === 's' && keys.onSave) keys.onSave();
      else return false;
      return true;
    }
    const chosen = keys.tools.find(([, , key]) => key === letter);
    if (event.altKey) return false;
    if (chosen) keys.onTool(chosen[0]);
    else if (letter === '[') keys.onRadius(Math.max(1, keys.radius - 1));
    else if (letter === ']') keys.onRadius(Math.min(LARGEST_BRUSH, keys.radius + 1));
    else if (letter === 'n') keys.onMove(1);
    else if (letter === 'v') keys.onMove(-1);
    else if (letter === 'i') keys.onLabel(IGNORE_INDEX);
    else if (/^[0-9]$/.test(letter) && Number(letter) < keys.classes) keys.onLabel(Number(letter));
    else return false;
    return true;
  });
}
