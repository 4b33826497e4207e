/** @file Where the keyboard is stays: what vanishes, or is switched off, while it has the focus gives it on. */

/**
 * Gives the focus of an element that is taken away to what it was in, so that Tab goes on from there; that of one that is switched off
 * for a while is given back. A click elsewhere takes it away as ever.
 */
export function keepFocus(root: HTMLElement): void {
  let way: readonly HTMLElement[] = [];
  addEventListener('focusin', ({ target }) => {
    way = ancestors(target as HTMLElement);
  });
  addEventListener('pointerdown', () => {
    way = [];
  });
  const give = () => {
    const [own] = way;
    if (!own || (document.activeElement && document.activeElement !== document.body)) return;
    if (!own.isConnected) {
      const around = way.find((each) => each.isConnected && root.contains(each));
      if (!around) return;
      around.tabIndex = -1;
      around.focus({ preventScroll: true });
    } else if (!own.matches(':disabled')) own.focus({ preventScroll: true });
  };
  const attributeFilter = ['disabled'];
  new MutationObserver(give).observe(root, { childList: true, subtree: true, attributeFilter });
}

/** It and what it is in, from the inside. */
function ancestors(element: HTMLElement): HTMLElement[] {
  const found: HTMLElement[] = [];
  for (let at: HTMLElement | null = element; at; at = at.parentElement) found.push(at);
  return found;
}
