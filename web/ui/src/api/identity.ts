import { address, get, put } from './http';
import type { components } from './types';
import type { Session } from './model';

// Who somebody is, how they came in, and what was done: sessions, second
// factors, keys, accounts, the audit.

type S = components['schemas'];
export type OpenSession = S['SessionInfo'];
export type Factor = S['FactorOutputBody'];
export type FactorSecret = S['FactorSecretOutputBody'];
export type Key = S['KeyBody'];
export type Account = S['AccountBody'];
export type Entry = S['AuditEntry'];
export type Organisation = S['Organisation'];
export type Rules = S['SignInRules'];
export type Chain = S['ChainOutputBody'];
export type Verified = S['VerifyOutputBody'];
export type Layer = S['LayerBody'];

const v1 = '/api/v1';

export const showFactor = (code: string) => put<Session>('POST', `${v1}/session/factor`, { code });
export const factor = () => get<Factor>(`${v1}/totp`);
export const beginFactor = () => put<FactorSecret>('POST', `${v1}/totp`);
export const confirmFactor = async (code: string) => (await put<{ recovery_codes: string[] }>('PUT', `${v1}/totp`, { code })).recovery_codes;
export const renewCodes = async (code: string) => (await put<{ recovery_codes: string[] }>('POST', `${v1}/totp/recovery-codes`, { code })).recovery_codes;
export const removeFactor = (code: string) => put<undefined>('POST', `${v1}/totp/removal`, { code });

export const sessions = async (login?: string) => (await get<{ sessions: OpenSession[] }>(`${v1}/sessions`, { login })).sessions;
export const endSession = (id: number) => put<undefined>('DELETE', `${v1}/sessions/${id}`);
export const endSessions = async (login?: string) => (await put<{ ended: number }>('DELETE', address(`${v1}/sessions`, { login }))).ended;
export const giveReason = (layers: string[], reason: string) => put<{ until: string }>('PUT', `${v1}/session/reasons`, { layers, reason });
export const changePassword = (old: string, next: string, revoke_keys: boolean) => put<undefined>('PUT', `${v1}/session/password`, { old, new: next, revoke_keys });

export interface NewKey {
  name: string;
  expires_at?: string;
  scopes: string[];
  layers?: string[];
}
export const keys = async (q: { login?: string; all?: boolean } = {}) => (await get<{ keys: Key[] }>(`${v1}/keys`, q)).keys;
export const createKey = (k: NewKey) => put<Key & { key: string }>('POST', `${v1}/keys`, k);
export const revokeKey = (prefix: string) => put<undefined>('DELETE', `${v1}/keys/${prefix}`);

const person = (login: string) => `${v1}/people/${encodeURIComponent(login)}`;
export const people = async () => (await get<{ people: Account[] }>(`${v1}/people`)).people;
export const createPerson = (p: { login: string; name: string; org: string; password: string }) => put<unknown>('POST', `${v1}/people`, p);
export const changePerson = (login: string, name: string, org: string) => put<undefined>('PUT', person(login), { name, org });
export const setPassword = (login: string, password: string) => put<undefined>('PUT', `${person(login)}/password`, { password });
export const setActive = (login: string, active: boolean) => put<undefined>('PUT', `${person(login)}/active`, { active });
export const setRoles = (login: string, roles: string[]) => put<undefined>('PUT', `${person(login)}/roles`, { roles });
export const setGrids = (login: string, grids: string[]) => put<undefined>('PUT', `${person(login)}/grids`, { grids });
export const unlock = (login: string) => put<undefined>('POST', `${person(login)}/unlock`);
export const unlink = (login: string) => put<undefined>('DELETE', `${person(login)}/identity`);
export const resetFactor = (login: string, reason: string) => put<undefined>('DELETE', address(`${person(login)}/totp`, { reason }));
export const rules = () => get<Rules>(`${v1}/sign-in-rules`);
export const setRules = (r: Rules, reason: string) => put<undefined>('PUT', `${v1}/sign-in-rules`, { ...r, reason });
export const layers = async () => (await get<{ layers: Layer[] }>(`${v1}/layers`)).layers;
export const askReason = (layer: string, ask_reason: boolean, reason: string) => put<undefined>('PUT', `${v1}/layers/${layer}/ask-reason`, { ask_reason, reason });

export const organisations = async () => (await get<{ organisations: Organisation[] }>(`${v1}/organisations`)).organisations;
export const createOrganisation = (o: Organisation) => put<unknown>('POST', `${v1}/organisations`, o);
export const changeOrganisation = ({ code, kind: _, ...o }: Organisation) => put<undefined>('PUT', `${v1}/organisations/${code}`, o);

export type AuditQuery = Partial<Record<'from' | 'to' | 'login' | 'org' | 'action' | 'object' | 'result' | 'address' | 'q', string>>;
export const audit = (q: AuditQuery & { before?: number }, signal?: AbortSignal) => get<{ entries: Entry[]; next?: number }>(`${v1}/audit`, { ...q, limit: 100 }, signal);
export const auditFile = (q: AuditQuery, format: 'csv' | 'ndjson', lang: string) => address(`${v1}/audit/export`, { ...q, format, lang });
export const chain = () => get<Chain>(`${v1}/audit/chain`);
export const verify = (head: string) => put<Verified>('POST', `${v1}/audit/verification`, head ? { head } : {});
export const history = async (object: string) => (await get<{ entries: Entry[] }>(`${v1}/history`, { object })).entries;
export const mine = async () => (await get<{ entries: Entry[] }>(`${v1}/history/mine`, { limit: 30 })).entries;
