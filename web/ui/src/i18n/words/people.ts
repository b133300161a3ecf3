/** Words of the page people. */
export const people = {} as const satisfies Record<string, readonly [zh: string, en: string]>;
