export interface Counted {
  total: number;
  /** The most first. */
  classes: { code: string; n: number }[];
  /** How many are of no class. */
  without: number;
}

/** Reads a counted cell of a tile: "count", and "class:<code>" for who may see the class. */
export function classesOf(properties: Record<string, unknown>): Counted {
  const total = Number(properties.count ?? 0);
  const classes = Object.entries(properties)
    .filter(([key]) => key.startsWith('class:'))
    .map(([key, n]) => ({ code: key.slice('class:'.length), n: Number(n) }))
    .sort((a, b) => b.n - a.n || (a.code < b.code ? -1 : 1));
  const known = classes.reduce((sum, c) => sum + c.n, 0);
  return { total, classes, without: classes.length > 0 ? Math.max(0, total - known) : 0 };
}
