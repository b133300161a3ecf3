import { t, tt } from '../../i18n/i18n.svelte';
import type { Limit } from './classes';

/** 2 working days */
export const limitText = (l: Limit | undefined): string => (l ? t('classes.limit.of', { n: l.n, unit: tt('classes.unit', l.unit) }) : '–');
