import { Problem } from '../api/problem';
import { t, tt } from '../i18n/i18n.svelte';

/** What to tell a person of a request that failed: what the server says of each field, or its own sentence, or that there is no network. */
export function said(error: unknown): string {
  if (!(error instanceof Problem) || error.trouble === 'offline') return t('trouble.offline');
  if (error.fields.length > 0) return error.fields.join(' · ');
  if (error.trouble === 'invalid') return error.message;
  return error.trouble === 'server' ? error.message : `${tt('trouble', error.trouble)} ${error.body.detail ?? ''}`.trim();
}
