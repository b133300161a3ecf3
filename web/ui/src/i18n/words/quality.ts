/** Words of the page quality. */
export const quality = {} as const satisfies Record<string, readonly [zh: string, en: string]>;
