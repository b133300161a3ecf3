/** Words of the page account. */
export const account = {} as const satisfies Record<string, readonly [zh: string, en: string]>;
