import { Workbox } from 'workbox-window';

/**
 * The service worker that makes /m open without a network. A new version is
 * fetched whole beside the one in use and waits until the worker takes it; then
 * every open page of ours is loaded anew, so that none is half old.
 */
class Update {
  /** A new version waits. */
  ready = $state(false);
  /** The page opens without a network from now on. */
  kept = $state(false);
  /** A browser keeps pages only where they come over HTTPS. */
  readonly possible = 'serviceWorker' in navigator && window.isSecureContext;
  private workbox: Workbox | undefined;
  private controlled = false;

  async begin(): Promise<void> {
    if (!this.possible || import.meta.env.DEV) return;
    this.controlled = navigator.serviceWorker.controller !== null;
    const wb = (this.workbox = new Workbox('/m-sw.js', { scope: '/m' }));
    wb.addEventListener('waiting', () => (this.ready = true));
    wb.addEventListener('activated', () => (this.kept = true));
    wb.addEventListener('controlling', () => {
      // The first time nothing was replaced: this page is what was fetched.
      if (this.controlled) location.reload();
      this.controlled = true;
    });
    try {
      const r = await wb.register();
      this.kept ||= r?.active != null;
    } catch {
      // The page works, but not without a network.
    }
  }

  /** Looks whether there is a new version; a page may stay open for weeks. */
  look(): void {
    void this.workbox?.update().catch(() => undefined);
  }

  take(): void {
    this.workbox?.messageSkipWaiting();
  }
}

export const update = new Update();
