import type { Component } from 'svelte';
import type * as api from '../api/api';
import type { Key } from '../i18n/table';

/** What a page of the desk is given. */
export interface PageProps {
  session: api.Session;
}

/** A page of the desk: loaded when it is opened. */
export interface Page {
  /** The address: /desk?p=NAME. */
  name: string;
  title: Key;
  /** Who sees it in the list; the server decides what they may do there. */
  roles: readonly string[];
  load: () => Promise<{ default: Component<PageProps> }>;
}

/** The pages of the desk, in the order of its list. A new page is a line here. */
export const pages: readonly Page[] = [];

/** The pages that somebody with these roles finds in the list. */
export function pagesFor(roles: readonly string[]): Page[] {
  return pages.filter((p) => p.roles.some((r) => roles.includes(r)));
}
