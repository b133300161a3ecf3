/** A place in degrees, EPSG:4326. */
export type Place = [lng: number, lat: number];

/** A corner that was taken somewhere else; `from` may lie on an edge, which gets a corner there. */
export interface Move {
  from: Place;
  to: Place;
}

/** What was done to an outline, as the server wants to hear it. */
export interface Change {
  moves: Move[];
  remove: Place[];
}

const same = (a: Place, b: Place) => Math.abs(a[0] - b[0]) < 1e-9 && Math.abs(a[1] - b[1]) < 1e-9;

/**
 * Compares a ring before and after one step of editing: a corner dragged, a
 * corner put on an edge and perhaps dragged, or a corner taken out. Rings are
 * closed: the last place is the first again.
 */
export function changeOf(before: readonly Place[], after: readonly Place[]): Change {
  const was = before.slice(0, -1);
  const is = after.slice(0, -1);
  if (is.length === was.length) {
    const moves = is.flatMap((to, i) => (same(was[i]!, to) ? [] : [{ from: was[i]!, to }]));
    return { moves, remove: [] };
  }
  if (is.length === was.length + 1) {
    const at = is.findIndex((p, i) => i >= was.length || !same(p, was[i]!));
    const a = was[(at + was.length - 1) % was.length]!;
    const b = was[at % was.length]!;
    return { moves: [{ from: along(a, b, is[at]!), to: is[at]! }], remove: [] };
  }
  return { moves: [], remove: was.filter((p) => !is.some((q) => same(p, q))) };
}

/** The place of the edge from a to b that is nearest to p, within its middle 98 %: never an end. */
function along(a: Place, b: Place, p: Place): Place {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0.5 : Math.min(0.99, Math.max(0.01, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length));
  return [a[0] + t * dx, a[1] + t * dy];
}

/**
 * The place on the lines that is nearest to p, on the screen: a corner within
 * `corner` pixels before an edge within `edge`. undefined: nothing is so near.
 */
export function snap(p: Place, lines: readonly (readonly Place[])[], project: (p: Place) => { x: number; y: number }, corner = 12, edge = 9): Place | undefined {
  const at = project(p);
  let best: Place | undefined;
  let least = corner;
  for (const line of lines)
    for (const q of line) {
      const s = project(q);
      const d = Math.hypot(s.x - at.x, s.y - at.y);
      if (d < least) [best, least] = [q, d];
    }
  if (best) return best;
  least = edge;
  for (const line of lines)
    for (let i = 1; i < line.length; i++) {
      const [a, b] = [project(line[i - 1]!), project(line[i]!)];
      const [dx, dy] = [b.x - a.x, b.y - a.y];
      const length = dx * dx + dy * dy;
      if (length === 0) continue;
      const t = Math.min(1, Math.max(0, ((at.x - a.x) * dx + (at.y - a.y) * dy) / length));
      const d = Math.hypot(a.x + t * dx - at.x, a.y + t * dy - at.y);
      if (d < least) {
        least = d;
        const [m, n] = [line[i - 1]!, line[i]!];
        best = [m[0] + t * (n[0] - m[0]), m[1] + t * (n[1] - m[1])];
      }
    }
  return best;
}
