/** @file Colours as style sheets and their fields have them. */

import type { ClassInfo } from '../data/types.js';

/** `rgb(…)` of a class. */
export const cssColor = ({ color }: Pick<ClassInfo, 'color'>): string => `rgb(${color.join(' ')})`;
