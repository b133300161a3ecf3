/** Words of the page scores. */
export const scores = {} as const satisfies Record<string, readonly [zh: string, en: string]>;
