/** Words of the page catalogue. */
export const catalogue = {} as const satisfies Record<string, readonly [zh: string, en: string]>;
