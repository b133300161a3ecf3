import { expect, test } from 'vitest';
import { hostOf, parseCRS, toWGS84 } from './crs';
import { metres } from './ground';

test.each([
  ['WGS84', 'WGS84'],
  ['wgs-84', 'WGS84'],
  ['EPSG:4326', 'WGS84'],
  ['gcj-02', 'GCJ02'],
  ['bd09ll', 'BD09'],
  ['CGCS2000', 'CGCS2000'],
  ['epsg:4490', 'CGCS2000'],
  ['EPSG:4549', undefined],
  ['', undefined],
])('%s is %s', (name, want) => expect(parseCRS(name)).toBe(want));

test.each([
  ['Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36', undefined, undefined],
  ['Mozilla/5.0 (Linux; Android 14; wv) MicroMessenger/8.0.50 NetType/WIFI', 'wechat', 'GCJ02'],
  ['Mozilla/5.0 (Linux; Android 14; wv) wxwork/4.1 MicroMessenger/7.0.1', 'wxwork', 'GCJ02'],
  ['Mozilla/5.0 (iPhone) Mobile/15E148 amap/15.01 AMapClient', 'amap', 'GCJ02'],
  ['Mozilla/5.0 (Linux; Android 14; wv) baidumap_ANDR', 'baidu', 'BD09'],
])('%s', (ua, name, likely) => {
  expect(hostOf(ua)?.name).toBe(name);
  expect(hostOf(ua)?.likely).toBe(likely);
});

// What the server's geo/crs says of the middle of Yiwu.
const here = [120.0751, 29.3069] as const;
test.each([
  ['GCJ02', [120.079836418, 29.304412266]],
  ['BD09', [120.08639963, 29.310234021]],
] as const)('%s is drawn where it is', (crs, given) => expect(metres(toWGS84(crs, given), here)).toBeLessThan(1));

test('systems without a shift, and places outside of China, stay', () => {
  expect(toWGS84('CGCS2000', here)).toEqual(here);
  expect(toWGS84('WGS84', here)).toEqual(here);
  expect(toWGS84('GCJ02', [-122.67, 45.52])).toEqual([-122.67, 45.52]);
});
