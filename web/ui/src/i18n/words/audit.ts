/** Words of the page audit. */
export const audit = {} as const satisfies Record<string, readonly [zh: string, en: string]>;
