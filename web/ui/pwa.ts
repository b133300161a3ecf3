import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';

const dist = (path: string) => fileURLToPath(new URL(`dist/${path}`, import.meta.url));

/**
 * The service worker of the phone's page, dist/m-sw.js: with it /m opens
 * without a network. It holds the files that the page is made of, and nothing
 * else: no answer of the API, no tile, nothing of the command centre.
 *
 * Every file is listed with its hash, so that a version is taken whole or not
 * at all, even while some servers of a city still have the one before. A new
 * version waits until the worker agrees (phone/update.svelte.ts).
 */
export function phoneWorker(): Plugin[] {
  const files = new Set<string>();
  const collect: Plugin = {
    name: 'phone-files',
    apply: 'build',
    generateBundle(_, bundle) {
      const chunks = Object.values(bundle).filter((f) => f.type === 'chunk');
      const walk = (name: string) => {
        const chunk = chunks.find((c) => c.fileName === name);
        if (!chunk || files.has(name)) return;
        files.add(name);
        for (const f of [...(chunk.viteMetadata?.importedCss ?? []), ...(chunk.viteMetadata?.importedAssets ?? [])]) files.add(f);
        for (const next of [...chunk.imports, ...chunk.dynamicImports]) walk(next);
      };
      const page = chunks.find((c) => c.facadeModuleId?.endsWith('/m.html'));
      if (!page) this.error('there is no page m.html to make a service worker for');
      walk(page.fileName);
      // MapLibre's worker is a file of its own, named in its script.
      for (const c of chunks) if (files.has(c.fileName)) for (const m of c.code.matchAll(/assets\/[\w.-]+-worker-[\w-]+\.js/g)) files.add(m[0]);
    },
  };
  const kept = /^(m\.html|m\.\w*\.?webmanifest|icon.*\.(svg|png))$/;
  return [
    collect,
    ...(VitePWA({
      strategies: 'generateSW',
      filename: 'm-sw.js',
      scope: '/m',
      injectRegister: false,
      manifest: false, // public/m.webmanifest and m.en.webmanifest
      workbox: {
        globPatterns: ['m.html', '*.webmanifest', 'icon*', 'assets/*'],
        inlineWorkboxRuntime: true,
        sourcemap: false,
        clientsClaim: true,
        skipWaiting: false,
        cleanupOutdatedCaches: true,
        navigateFallback: null,
        directoryIndex: null,
        ignoreURLParametersMatching: [/./], // /m?crs=GCJ02 is the same page
        maximumFileSizeToCacheInBytes: 8 << 20,
        manifestTransforms: [
          (entries) => ({
            manifest: entries
              .filter((e) => files.has(e.url) || kept.test(e.url))
              .map((e) => ({ ...e, url: e.url === 'm.html' ? '/m' : `/${e.url}`, integrity: `sha384-${createHash('sha384').update(readFileSync(dist(e.url))).digest('base64')}` })),
            warnings: [],
          }),
        ],
      },
    }) as unknown as Plugin[]),
  ];
}
