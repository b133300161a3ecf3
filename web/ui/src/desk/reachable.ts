/**
 * Keeps every wide table within reach of the keyboard: one that scrolls and has
 * nothing in it to step to may itself be stepped to, and then scrolled by arrows.
 */
export function reachable(root: HTMLElement): { destroy: () => void } {
  let asked = 0;
  const look = () => {
    asked = 0;
    for (const box of root.querySelectorAll<HTMLElement>('.table')) {
      const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
      if (scrolls && !box.querySelector('a[href], button, input, select, textarea')) box.tabIndex = 0;
      else box.removeAttribute('tabindex');
    }
  };
  const soon = () => void (asked ||= requestAnimationFrame(look));
  const changes = new MutationObserver(soon);
  changes.observe(root, { childList: true, subtree: true });
  const sizes = new ResizeObserver(soon);
  sizes.observe(root);
  return {
    destroy() {
      cancelAnimationFrame(asked);
      changes.disconnect();
      sizes.disconnect();
    },
  };
}
