import { expect, test } from 'vitest';
import { placeFor, type Place } from './sources';

test('a source that is saved again keeps all of its place', () => {
  const arcgis: Place = { url: 'https://gis.example/FeatureServer/0', where: "state = 'open'", crs: '4490' };
  expect(placeFor('arcgis', arcgis)).toEqual(arcgis);
  const database: Place = { host: 'db.example', port: 5433, database: 'ads', tls: true, table: 'public.ad', seconds: 300 };
  expect(placeFor('postgres', database)).toEqual(database);
});

test('a place has nothing of another kind, and nothing that was left empty', () => {
  const all: Place = { url: 'https://a.example/x.csv', where: '1=1', crs: '', host: 'h', port: 1, database: 'd', tls: false, table: '', query: 'SELECT 1', seconds: 9 };
  expect(placeFor('file', all)).toEqual({ url: 'https://a.example/x.csv' });
  expect(placeFor('arcgis', all)).toEqual({ url: 'https://a.example/x.csv', where: '1=1' });
  expect(placeFor('postgres', all)).toEqual({ host: 'h', port: 1, database: 'd', query: 'SELECT 1', seconds: 9 });
});
