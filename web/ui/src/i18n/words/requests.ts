/** Words of the page requests. */
export const requests = {} as const satisfies Record<string, readonly [zh: string, en: string]>;
