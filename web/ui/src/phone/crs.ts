import type { LngLat } from './ground';

/** The systems in which a phone's surroundings may hand over a position. */
export const systems = ['WGS84', 'CGCS2000', 'GCJ02', 'BD09'] as const;
export type CRS = (typeof systems)[number];

/** The system of that name as people and programs write it; undefined for one that a phone does not know. */
export function parseCRS(name: string): CRS | undefined {
  const plain = name.toUpperCase().replace(/[^A-Z0-9]/g, '').replace(/LL$/, '').replace(/^EPSG4326$/, 'WGS84').replace(/^EPSG4490$/, 'CGCS2000');
  return systems.find((s) => s === plain);
}

/** Programs that show pages inside themselves, and the system that their positions may be in. */
const hosts: { name: Host; sign: RegExp; likely: CRS }[] = [
  { name: 'wxwork', sign: /wxwork/i, likely: 'GCJ02' },
  { name: 'wechat', sign: /MicroMessenger/i, likely: 'GCJ02' },
  { name: 'baidu', sign: /baidumap|baiduboxapp|BMap/i, likely: 'BD09' },
  { name: 'amap', sign: /amap|autonavi/i, likely: 'GCJ02' },
  { name: 'alipay', sign: /AlipayClient/i, likely: 'GCJ02' },
  { name: 'dingtalk', sign: /DingTalk/i, likely: 'GCJ02' },
];
export type Host = 'wechat' | 'wxwork' | 'amap' | 'baidu' | 'alipay' | 'dingtalk';

/**
 * The program that the page runs inside of. A browser's own positions are
 * WGS 84; some of these programs replace them by their own, and nothing in the
 * answer tells: so the worker is asked, with what is likely as the first choice.
 */
export function hostOf(userAgent: string): { name: Host; likely: CRS } | undefined {
  return hosts.find((h) => h.sign.test(userAgent));
}

// Only to draw a position on our map: what is sent is what the phone was given,
// with its system, and the server does the exact sum (geo/crs).

const A = 6378245; // metres
const EE = 0.00669342162296594323;
const inChina = (x: number, y: number) => x >= 72.004 && x <= 137.8347 && y >= 0.8293 && y <= 55.8271;

/** GCJ-02 minus WGS 84, in degrees. */
function shift(lng: number, lat: number): LngLat {
  const { PI, sin, sqrt, abs } = Math;
  const x = lng - 105;
  const y = lat - 35;
  const both = 20 * sin(6 * PI * x) + 20 * sin(2 * PI * x);
  const dLat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + (2 / 3) * (both + 20 * sin(PI * y) + 40 * sin((PI * y) / 3) + 160 * sin((PI * y) / 12) + 320 * sin((PI * y) / 30));
  const dLng = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + (2 / 3) * (both + 20 * sin(PI * x) + 40 * sin((PI * x) / 3) + 150 * sin((PI * x) / 12) + 300 * sin((PI * x) / 30));
  const phi = (lat * PI) / 180;
  const m = 1 - EE * sin(phi) ** 2;
  return [(dLng * 180) / ((A / sqrt(m)) * Math.cos(phi) * PI), (dLat * 180) / (((A * (1 - EE)) / (m * sqrt(m))) * PI)];
}

function fromGCJ(at: LngLat): LngLat {
  if (!inChina(at[0], at[1])) return at;
  let [x, y] = at;
  for (let n = 0; n < 3; n++) {
    const [dx, dy] = shift(x, y);
    [x, y] = [at[0] - dx, at[1] - dy];
  }
  return [x, y];
}

function fromBD([lng, lat]: LngLat): LngLat {
  const k = (Math.PI * 3000) / 180;
  const x = lng - 0.0065;
  const y = lat - 0.006;
  const r = Math.hypot(x, y) - 0.00002 * Math.sin(y * k);
  const a = Math.atan2(y, x) - 0.000003 * Math.cos(x * k);
  return [r * Math.cos(a), r * Math.sin(a)];
}

/** Where a position of that system lies on our map, to a metre or so. */
export function toWGS84(crs: CRS, at: LngLat): LngLat {
  if (crs === 'BD09') return fromGCJ(fromBD(at));
  if (crs === 'GCJ02') return fromGCJ(at);
  return at; // CGCS2000 is within a metre of it
}
