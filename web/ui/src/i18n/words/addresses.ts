/** Words of addresses. */
export const addresses = {} as const satisfies Record<string, readonly [zh: string, en: string]>;
