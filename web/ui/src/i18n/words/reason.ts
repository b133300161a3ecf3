/** Words of saying why one looks at a sensitive layer, and of setting which layers are. */
export const reason = {
  'reason.needed': ['敏感图层：请先说明查看理由', 'Sensitive: say why you look at it'],
  'reason.about': ['说明理由前不显示任何内容；理由记入审计。', 'Nothing of it shows before; the audit keeps what you say.'],
  'reason.why': ['查看理由（4 至 200 字）', 'Why (4 to 200 characters)'],
  'reason.give': ['说明并查看', 'Say so and look'],
  'reason.layers': ['敏感图层', 'Sensitive layers'],
  'reason.layers.about': ['查看前须说明理由的图层；每次说明都记入审计。向公众开放的图层不能设置。', 'Layers that one says why before looking at; each reason is in the audit. Layers open to the public cannot be.'],
  'reason.layer': ['图层', 'Layer'],
  'reason.add': ['设为敏感', 'Ask for a reason'],
  'reason.drop': ['不再询问', 'Ask no longer'],
  'reason.set.why': ['设置的理由（记入审计）', 'Why this is set (the audit keeps it)'],
} as const satisfies Record<string, readonly [zh: string, en: string]>;
