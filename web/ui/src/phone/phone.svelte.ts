import * as api from '../api/api';
import type { Incident } from '../api/model';
import { Problem } from '../api/problem';
import { backoff } from '../live/backoff';
import { Outbox, type Held } from './outbox';

/** The state of the grid worker's page. */
export class Phone {
  session = $state.raw<api.Session | undefined>();
  /** The session could not be asked for: no network at the start. */
  unknown = $state(false);
  classes = $state.raw<api.ClassOf[]>([]);
  online = $state(navigator.onLine);
  held = $state.raw<Held[]>([]);
  sending = $state(false);
  mine = $state.raw<Incident[] | undefined>();
  mineOld = $state(false);
  onDuty = $state(false);
  dutyTrouble = $state(false);
  used = $state.raw<Record<string, number>>({});
  now = $state(Date.now());

  private box: Promise<Outbox>;
  private attempt = 0;
  private again: ReturnType<typeof setTimeout> | undefined;
  private watch: number | undefined;
  private shared = 0;

  constructor() {
    this.box = Outbox.open({ uploadPhoto: (b) => api.uploadPhoto(b), report: (r) => api.report(r) }, () => void this.look());
    try {
      this.used = JSON.parse(localStorage.getItem('onemap.classes') ?? '{}') as Record<string, number>;
    } catch {
      this.used = {};
    }
  }

  get waiting(): number {
    return this.held.filter((h) => h.refused === undefined).length;
  }

  async begin(): Promise<void> {
    await this.look();
    try {
      this.session = await api.session();
      this.unknown = false;
    } catch {
      this.unknown = true;
    }
    await this.loadClasses();
    if (this.session?.signed_in) {
      void this.flush();
      void this.loadMine();
    }
  }

  private async look(): Promise<void> {
    this.held = await (await this.box).list();
  }

  private async loadClasses(): Promise<void> {
    const box = await this.box;
    try {
      this.classes = await api.classes('matter');
      await box.keep('classes', this.classes);
    } catch {
      this.classes = (await box.kept<api.ClassOf[]>('classes')) ?? [];
    }
  }

  async loadMine(): Promise<void> {
    const box = await this.box;
    const key = `mine.${this.session?.person?.id ?? 0}`;
    try {
      this.mine = (await api.incidents({ mine: true, limit: 100 })).incidents;
      this.mineOld = false;
      await box.keep(key, this.mine);
    } catch {
      this.mine = (await box.kept<Incident[]>(key)) ?? this.mine ?? [];
      this.mineOld = true;
    }
  }

  /** Keeps the report first, then tries to send it: what was made is not lost, whatever happens next. */
  async send(h: Held): Promise<Incident | undefined> {
    const box = await this.box;
    await box.put(h);
    this.used = { ...this.used, [h.report.class.code]: (this.used[h.report.class.code] ?? 0) + 1 };
    try {
      localStorage.setItem('onemap.classes', JSON.stringify(this.used));
    } catch {
      // Only the order of the frequent classes is lost.
    }
    const sent = await this.flush();
    return sent.find((i) => i.uuid === h.uuid);
  }

  async drop(uuid: string): Promise<void> {
    await (await this.box).drop(uuid);
  }

  /** Sends what waits; tries again by itself while the server cannot be reached. */
  async flush(): Promise<Incident[]> {
    clearTimeout(this.again);
    const person = this.session?.person?.id;
    if (person === undefined) return [];
    this.sending = true;
    try {
      const { sent, stopped } = await (await this.box).flush(person);
      if (sent.length > 0) void this.loadMine();
      if (stopped?.trouble === 'sign-in') this.session = await api.session().catch(() => this.session);
      else if (stopped) this.again = setTimeout(() => void this.flush(), Math.max(backoff(this.attempt++), stopped.retryAfterS * 1000));
      else this.attempt = 0;
      return sent;
    } finally {
      this.sending = false;
    }
  }

  /** Called when the network is back, or the page is looked at again. */
  wake(): void {
    this.online = navigator.onLine;
    if (this.unknown && this.online) void this.begin();
    else if (this.session?.signed_in) void this.flush();
  }

  /** Shares the position while on duty, at most every 10 s, and takes it off the map when off duty. */
  duty(on: boolean): void {
    if (this.watch !== undefined) navigator.geolocation.clearWatch(this.watch);
    this.watch = undefined;
    this.onDuty = on;
    this.dutyTrouble = false;
    if (!on) {
      void api.offDuty().catch(() => undefined);
      return;
    }
    this.shared = 0;
    this.watch = navigator.geolocation.watchPosition(
      (p) => {
        this.dutyTrouble = false;
        const now = Date.now();
        if (now - this.shared < 10_000) return;
        this.shared = now;
        api.sharePosition({ crs: 'WGS84', coordinates: [p.coords.longitude, p.coords.latitude] }, Math.round(p.coords.accuracy)).catch((error: unknown) => {
          if (error instanceof Problem && (error.trouble === 'sign-in' || error.trouble === 'no-right')) this.duty(false);
        });
      },
      () => {
        this.dutyTrouble = true;
        this.onDuty = false;
      },
      { enableHighAccuracy: true, maximumAge: 10_000 },
    );
  }

  async signOut(): Promise<void> {
    if (this.onDuty) this.duty(false);
    await api.signOut().catch(() => undefined);
    this.session = await api.session().catch(() => undefined);
    this.mine = undefined;
  }
}
