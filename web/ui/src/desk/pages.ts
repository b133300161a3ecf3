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

const everyRole = ['administrator', 'security_administrator', 'auditor', 'command_centre', 'acceptor', 'shift_leader', 'dispatcher', 'department_officer', 'planner', 'grid_worker', 'gateway'];

/** The pages of the desk, in the order of its list. A new page is a line here. */
export const pages: readonly Page[] = [
  { name: 'evaluation', title: 'eval.title', roles: ['command_centre', 'acceptor', 'shift_leader', 'dispatcher', 'department_officer', 'planner', 'grid_worker'], load: () => import('./evaluation/Evaluation.svelte') },
  { name: 'catalogue', title: 'cat.title', roles: ['department_officer', 'command_centre', 'acceptor', 'shift_leader', 'dispatcher', 'planner', 'grid_worker', 'administrator', 'security_administrator', 'auditor'], load: () => import('./catalogue/Catalogue.svelte') },
  { name: 'requests', title: 'rq.title', roles: ['department_officer', 'command_centre', 'planner', 'security_administrator', 'administrator', 'auditor'], load: () => import('./requests/Requests.svelte') },
  { name: 'scores', title: 'sc.title', roles: ['department_officer', 'command_centre', 'planner', 'administrator', 'security_administrator', 'auditor'], load: () => import('./scores/Scores.svelte') },
  { name: 'quality', title: 'quality.title', roles: ['department_officer', 'command_centre', 'planner', 'grid_worker', 'acceptor', 'shift_leader', 'dispatcher', 'administrator', 'security_administrator', 'auditor'], load: () => import('./quality/Quality.svelte') },
  { name: 'opendata', title: 'od.title', roles: ['department_officer', 'administrator', 'security_administrator'], load: () => import('./opendata/OpenData.svelte') },
  { name: 'forecast', title: 'fc.title', roles: ['planner', 'command_centre', 'department_officer'], load: () => import('./forecast/Forecast.svelte') },
  { name: 'posts', title: 'posts.title', roles: ['planner', 'command_centre', 'department_officer'], load: () => import('./posts/Posts.svelte') },
  { name: 'speeds', title: 'speeds.title', roles: ['planner', 'command_centre', 'department_officer'], load: () => import('./speeds/Speeds.svelte') },
  { name: 'patrols', title: 'pt.title', roles: ['planner', 'command_centre', 'department_officer'], load: () => import('./patrols/Patrols.svelte') },
  { name: 'grids', title: 'grids.title', roles: ['administrator', 'planner', 'command_centre'], load: () => import('./grids/Grids.svelte') },
  { name: 'fire', title: 'fire.title', roles: ['command_centre', 'planner', 'department_officer'], load: () => import('./fire/Fire.svelte') },
  { name: 'hazards', title: 'hz.title', roles: ['department_officer', 'command_centre', 'grid_worker'], load: () => import('./hazards/Hazards.svelte') },
  { name: 'upload', title: 'upload.title', roles: ['department_officer'], load: () => import('./upload/Upload.svelte') },
  { name: 'alerts', title: 'alerts.title', roles: ['command_centre'], load: () => import('./alerts/Alerts.svelte') },
  { name: 'fences', title: 'fences.title', roles: ['command_centre', 'dispatcher', 'planner'], load: () => import('./fences/Fences.svelte') },
  { name: 'matching', title: 'mt.title', roles: ['department_officer', 'command_centre', 'planner'], load: () => import('./matching/Matching.svelte') },
  { name: 'classes', title: 'classes.title', roles: ['administrator', 'command_centre', 'acceptor', 'shift_leader', 'dispatcher', 'department_officer', 'planner'], load: () => import('./classes/Classes.svelte') },
  { name: 'calendar', title: 'calendar.title', roles: ['administrator'], load: () => import('./calendar/Calendar.svelte') },
  { name: 'connected', title: 'hooks.title', roles: ['administrator'], load: () => import('./connected/Connected.svelte') },
  { name: 'people', title: 'people.title', roles: ['administrator', 'security_administrator', 'auditor'], load: () => import('./people/People.svelte') },
  { name: 'audit', title: 'audit.title', roles: ['auditor'], load: () => import('./audit/Audit.svelte') },
  { name: 'account', title: 'account.title', roles: everyRole, load: () => import('./account/Account.svelte') },
];

/** The pages that somebody with these roles finds in the list. */
export function pagesFor(roles: readonly string[]): Page[] {
  return pages.filter((p) => p.roles.some((r) => roles.includes(r)));
}
