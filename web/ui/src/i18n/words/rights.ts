/** Words of rights and protected releases. */
export const rights = {} as const satisfies Record<string, readonly [zh: string, en: string]>;
