/** Words of the page upload. */
export const upload = {} as const satisfies Record<string, readonly [zh: string, en: string]>;
