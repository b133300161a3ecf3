/** Words of the page fences. */
export const fences = {} as const satisfies Record<string, readonly [zh: string, en: string]>;
