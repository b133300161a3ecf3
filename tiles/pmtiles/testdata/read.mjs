// Reads an archive with the npm package pmtiles and prints what it found as
// JSON. Started by the Go test, in web/ui where the package is.
import { createRequire } from 'node:module';
import { open } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

const require = createRequire(pathToFileURL(process.cwd() + '/package.json'));
const { PMTiles } = await import(pathToFileURL(require.resolve('pmtiles')).href).then((m) => m.default ?? m);

const path = process.argv[2];
const file = await open(path);
const source = {
  getKey: () => path,
  async getBytes(offset, length) {
    const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, offset);
    return { data: buffer.buffer.slice(0, bytesRead) };
  },
};
const archive = new PMTiles(source);
const header = await archive.getHeader();
const text = new TextDecoder();
const tiles = {};
const read = async (z, x, y) => {
  const tile = await archive.getZxy(z, x, y);
  tiles[`${z}/${x}/${y}`] = tile ? text.decode(tile.data) : null;
};
for (let z = 0; z <= header.maxZoom; z++) {
  const n = 2 ** z;
  for (let i = 0; i < 100; i++) await read(z, (i * 7919) % n, (i * 104729) % n);
}
console.log(JSON.stringify({ header, metadata: await archive.getMetadata(), tiles }));
await file.close();
