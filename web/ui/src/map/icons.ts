import type { Palette } from './palette';
import { assetPaths, placePaths, severityPaths, workerPath, type AssetState, type PlaceKind, type Severity } from './symbols';

/** Pixels for a pixel of the screen: symbols stay sharp on dense screens. */
export const ratio = 2;

/**
 * Draws the sign of that name: incident-1 … incident-4, enterprise-1 …,
 * asset-intact …, place-hydrant …, worker. Undefined for a name it does not know.
 */
export function drawIcon(name: string, p: Palette): ImageData | undefined {
  const at = name.indexOf('-');
  const [family, kind] = at < 0 ? [name, ''] : [name.slice(0, at), name.slice(at + 1)];
  switch (family) {
    case 'incident':
      return incident(Number(kind) as Severity, p);
    case 'enterprise':
      return enterprise(Number(kind) as Severity, p);
    case 'asset':
      return asset(kind as AssetState, p);
    case 'place':
      return place(kind as PlaceKind, p);
    case 'worker':
      return worker(p);
    default:
      return undefined;
  }
}

function sheet(size: number): CanvasRenderingContext2D {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = size * ratio;
  const c = canvas.getContext('2d', { willReadFrequently: true })!;
  c.scale(ratio, ratio);
  c.lineJoin = 'round';
  return c;
}

const pixels = (c: CanvasRenderingContext2D) => c.getImageData(0, 0, c.canvas.width, c.canvas.height);

/** A filled shape with an edge that parts it from any ground. */
function incident(s: Severity, p: Palette): ImageData | undefined {
  const d = severityPaths[s];
  if (!d) return undefined;
  const c = sheet(28);
  c.translate(2, 2);
  const path = new Path2D(d);
  c.lineWidth = 3.5;
  c.strokeStyle = p.paper;
  c.stroke(path);
  c.fillStyle = p.severity[s - 1]!;
  c.fill(path);
  return pixels(c);
}

/** The same shapes hollow, with a core: a place with a risk, not something that happened. */
function enterprise(s: Severity, p: Palette): ImageData | undefined {
  const d = severityPaths[s];
  if (!d) return undefined;
  const c = sheet(20);
  c.translate(1, 1);
  c.scale(0.75, 0.75);
  const path = new Path2D(d);
  c.lineWidth = 5.5;
  c.strokeStyle = p.paper;
  c.stroke(path);
  c.fillStyle = p.paper;
  c.fill(path);
  c.lineWidth = 3;
  c.strokeStyle = p.severity[s - 1]!;
  c.stroke(path);
  c.fillStyle = p.severity[s - 1]!;
  c.beginPath();
  c.arc(12, s === 2 ? 14.5 : 12, 3.4, 0, 2 * Math.PI);
  c.fill();
  return pixels(c);
}

function asset(state: AssetState, p: Palette): ImageData | undefined {
  const d = assetPaths[state];
  if (!d) return undefined;
  const c = sheet(16);
  c.scale(16 / 24, 16 / 24);
  const path = new Path2D(d);
  c.lineWidth = 4;
  c.strokeStyle = p.paper;
  c.stroke(path);
  c.fillStyle = { intact: p.calm, damaged: p.severity[1], lost: p.severity[0], abandoned: p.calm }[state];
  c.fill(path);
  return pixels(c);
}

function place(kind: PlaceKind, p: Palette): ImageData | undefined {
  const d = placePaths[kind];
  if (!d) return undefined;
  const c = sheet(22);
  c.beginPath();
  c.roundRect(1, 1, 20, 20, 5);
  c.fillStyle = p.paper;
  c.fill();
  c.lineWidth = 1;
  c.strokeStyle = p.calm;
  c.stroke();
  c.translate(4, 4);
  c.scale(14 / 15, 14 / 15);
  c.fillStyle = p.ink;
  c.fill(new Path2D(d));
  return pixels(c);
}

function worker(p: Palette): ImageData {
  const c = sheet(26);
  c.beginPath();
  c.arc(13, 13, 11.5, 0, 2 * Math.PI);
  c.fillStyle = p.ink;
  c.fill();
  c.lineWidth = 2;
  c.strokeStyle = p.paper;
  c.stroke();
  c.translate(4, 3.4);
  c.scale(0.75, 0.75);
  c.fillStyle = p.paper;
  c.fill(new Path2D(workerPath));
  return pixels(c);
}
