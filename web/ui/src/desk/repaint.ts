import type { LayerSpecification } from 'maplibre-gl';

/** What differs in the paint of two lists of the same layers. What neither names, and a page sets as it goes, is left alone. */
export function repaint(was: readonly LayerSpecification[], next: readonly LayerSpecification[]): { layer: string; name: string; value: unknown }[] {
  const before = new Map(was.map((l) => [l.id, (l.paint ?? {}) as Record<string, unknown>]));
  return next.flatMap((l) =>
    Object.entries(l.paint ?? {})
      .filter(([name, value]) => JSON.stringify(before.get(l.id)?.[name]) !== JSON.stringify(value))
      .map(([name, value]) => ({ layer: l.id, name, value: value as unknown })),
  );
}
