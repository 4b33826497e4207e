/** @file A page by its keys alone. */
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** Keys within which everything is reached. */
const MOST_TABS = 300;

/** Goes to an element by Tab, and sees that its focus is shown. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.first().waitFor();
  for (let tabs = 0; tabs < MOST_TABS; tabs++) {
    const isThere = await target
      .first()
      .evaluate((element) => element === element.ownerDocument.activeElement);
    if (isThere) {
      expect(await page.evaluate<boolean>(SHOWS_FOCUS), `focus on ${target}`).toBe(true);
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`${target} is not reached by Tab`);
}

/** Goes to an element by Tab, and presses keys there. */
export async function press(page: Page, target: Locator, ...keys: readonly string[]): Promise<void> {
  await tabTo(page, target);
  for (const key of keys) await page.keyboard.press(key);
}

/** Goes to a field by Tab, and types in the place of what it says. */
export async function type(page: Page, target: Locator, text: string): Promise<void> {
  await press(page, target, 'Control+a');
  await page.keyboard.type(text);
}

/** Whether the focus is seen: an outline of the element, of something that it shows in its place, or a frame over it. */
const SHOWS_FOCUS = `(() => {
  const own = document.activeElement;
  const isOutlined = (style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
  const inside = own.querySelector('.focused');
  const over = getComputedStyle(own, '::after');
  return isOutlined(getComputedStyle(own)) || (inside !== null && isOutlined(getComputedStyle(inside))) ||
    (over.content !== 'none' && parseFloat(over.borderTopWidth) > 0);
})()`;

/**
 * Everything that a pointer can use, by what it is called: links, buttons, fields and whatever listens to clicks. Elements of a list box
 * are reached by its arrow keys. Each is marked, to be found when it has the focus.
 */
const MARK_ALL = `(() => {
  const listens = (element) => Object.keys(element.l ?? {}).some((name) => /^(click|dblclick|pointerdown)/i.test(name));
  const all = [...document.querySelectorAll('body *')].filter((element) =>
    element.matches('a[href], button, input, select, textarea, summary, [role=application], [role=listbox], [tabindex="0"]') ||
    listens(element));
  const usable = all.filter((element) =>
    !element.matches(':disabled') && element.checkVisibility() && element.closest('[role=listbox] [role=option]') === null);
  usable.forEach((element, at) => { element.dataset.seen = String(at); });
  globalThis.seen = new Set();
  globalThis.unseen = new Set();
  document.addEventListener('focusin', globalThis.note = ({ target }) => {
    if (target.dataset.seen === undefined) return;
    globalThis.seen.add(Number(target.dataset.seen));
    if (!${SHOWS_FOCUS}) globalThis.unseen.add(Number(target.dataset.seen));
  });
  return usable.map((element) => element.outerHTML.slice(0, 160));
})()`;

const END = `(() => {
  document.removeEventListener('focusin', globalThis.note);
  return [[...globalThis.seen], [...globalThis.unseen]];
})()`;

/** Walks a page by Tab once: whatever a pointer can use is reached, and its focus is shown. @returns how many there are */
export async function checkKeyboard(page: Page): Promise<number> {
  await page.evaluate('document.activeElement?.blur(); window.getSelection()?.removeAllRanges()');
  const names = await page.evaluate<string[]>(MARK_ALL);
  // The window of the browser and what scrolls have stops of their own in the circle.
  for (let tabs = 0; tabs < names.length + 8; tabs++) await page.keyboard.press('Tab');
  const [reached, unseen] = await page.evaluate<[number[], number[]]>(END);
  expect(names.filter((_, at) => !reached.includes(at))).toEqual([]);
  expect(unseen.map((at) => names[at])).toEqual([]);
  return names.length;
}
