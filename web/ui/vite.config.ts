import { cpSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';
import { phoneWorker } from './pwa';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The API's documentation works without a network: its viewer is copied into the build. */
function apiDocs(): Plugin {
  return {
    name: 'api-docs',
    apply: 'build',
    closeBundle() {
      mkdirSync(here('dist/api-docs'), { recursive: true });
      for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js', 'LICENSE'])
        cpSync(here(`node_modules/swagger-ui-dist/${file}`), here(`dist/api-docs/${file}`));
    },
  };
}

export default defineConfig({
  base: '/',
  plugins: [svelte(), apiDocs(), phoneWorker()],
  // MapLibre's worker is a module; see src/map/maplibre.ts.
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true, // public/placeholder.txt comes back, so the Go embed always has a file
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1500,
    rolldownOptions: { input: { index: here('index.html'), m: here('m.html'), desk: here('desk.html'), open: here('open.html') } },
  },
  server: {
    proxy: {
      '/api': { target: process.env.ONEMAP_DEV ?? 'http://127.0.0.1:8080' },
      '/tiles': { target: process.env.ONEMAP_DEV ?? 'http://127.0.0.1:8080' },
      '/live': { target: process.env.ONEMAP_DEV ?? 'http://127.0.0.1:8080', ws: true },
    },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
} as Parameters<typeof defineConfig>[0]);
