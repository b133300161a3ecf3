/** Words of the page matching. */
export const matching = {} as const satisfies Record<string, readonly [zh: string, en: string]>;
