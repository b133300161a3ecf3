import { hostOf, parseCRS, toWGS84, type CRS } from './crs';
import type { LngLat } from './ground';

/** A position as it was given, with its system, and where that lies on our map. */
export interface Fix {
  crs: CRS;
  given: LngLat;
  at: LngLat;
  /** Metres; undefined where nothing was said. */
  accuracyM: number | undefined;
  /** By the phone's clock, milliseconds. */
  time: number;
}

/** A position worse than this many metres should be mended by hand. */
export const POOR_M = 50;

/** What a program that shows the page inside itself may call; see docs/embedding.md. */
interface HostBridge {
  setPosition(p: { crs: string; x: number; y: number; accuracy?: number }): void;
}
declare global {
  interface Window {
    onemapHost?: HostBridge;
  }
}

const KEPT = 'onemap.crs';

/**
 * Where the phone is, with the system in which it says so. Asked of the
 * browser only while somebody uses it; a program around the page may give
 * positions instead.
 */
export class Here {
  fix = $state.raw<Fix | undefined>();
  state = $state<'off' | 'finding' | 'found' | 'denied' | 'none'>('off');
  /** The program around the page, where there is one whose positions may not be WGS 84. */
  readonly host = hostOf(navigator.userAgent);
  /** What positions are taken to be in. */
  crs = $state<CRS>('WGS84');
  /** Nobody has said yet what the program's positions are in: the worker is asked. */
  asks = $state(false);
  /** ?crs= names a system that a phone does not know. */
  unknown = $state('');

  private users = new Set<(f: Fix) => void>();
  private watch: number | undefined;
  private bridged = false;

  constructor() {
    const said = new URLSearchParams(location.search).get('crs');
    const declared = said ? parseCRS(said) : undefined;
    if (said && !declared) this.unknown = said;
    let kept: CRS | undefined;
    try {
      kept = this.host && parseCRS(localStorage.getItem(`${KEPT}.${this.host.name}`) ?? '');
    } catch {
      // Asked again the next time.
    }
    if (declared ?? kept) this.crs = (declared ?? kept)!;
    else this.asks = this.host !== undefined;
    window.onemapHost = {
      setPosition: ({ crs, x, y, accuracy }) => {
        const system = parseCRS(String(crs));
        if (!system || !Number.isFinite(x) || !Number.isFinite(y) || Math.abs(x) > 180 || Math.abs(y) > 90) {
          this.unknown = system ? `${x}, ${y}` : String(crs);
          return;
        }
        this.bridged = true;
        this.asks = false;
        this.crs = system;
        this.rest();
        this.hear(system, [x, y], accuracy);
      },
    };
  }

  /** The worker's word for what the program's positions are in. */
  declare(crs: CRS): void {
    this.crs = crs;
    this.asks = false;
    try {
      if (this.host) localStorage.setItem(`${KEPT}.${this.host.name}`, crs);
    } catch {
      // For this page only.
    }
    if (this.fix && !this.bridged) this.fix = { ...this.fix, crs, at: toWGS84(crs, this.fix.given) };
  }

  /** Follows the position until the function that it returns is called. */
  use(heard: (f: Fix) => void = () => undefined): () => void {
    this.users.add(heard);
    this.begin();
    return () => {
      this.users.delete(heard);
      if (this.users.size === 0) this.rest();
    };
  }

  /** Asks again after a refusal. */
  again(): void {
    this.rest();
    this.begin();
  }

  private begin(): void {
    if (this.watch !== undefined || this.bridged || this.users.size === 0) return;
    if (!('geolocation' in navigator)) {
      this.state = 'none';
      return;
    }
    if (!this.fix) this.state = 'finding';
    this.watch = navigator.geolocation.watchPosition(
      (p) => this.hear(this.crs, [p.coords.longitude, p.coords.latitude], p.coords.accuracy),
      (e) => {
        if (e.code === e.PERMISSION_DENIED) {
          this.state = 'denied';
          this.rest();
        } else if (!this.fix || Date.now() - this.fix.time > 60_000) this.state = 'none';
      },
      { enableHighAccuracy: true, timeout: 20_000, maximumAge: 5_000 },
    );
  }

  private rest(): void {
    if (this.watch !== undefined) navigator.geolocation.clearWatch(this.watch);
    this.watch = undefined;
  }

  private hear(crs: CRS, given: LngLat, accuracy: number | undefined): void {
    this.fix = { crs, given, at: toWGS84(crs, given), accuracyM: accuracy === undefined ? undefined : Math.round(accuracy), time: Date.now() };
    this.state = 'found';
    for (const f of this.users) f(this.fix);
  }
}
