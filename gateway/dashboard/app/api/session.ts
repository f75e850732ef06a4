import { computed, signal } from '@preact/signals';

/** As GET /v1/identity answers. */
export interface Caller {
  readonly name: string;
  readonly roles: readonly ('submit' | 'read' | 'operate' | 'admin')[];
  readonly tenant?: string;
  readonly pipelines?: readonly string[];
  readonly withTokens: boolean;
  readonly version: string;
}

export type Role = Caller['roles'][number];

const key = 'penstock.token';

/** Of this tab only: it is gone when the tab is. */
export const token = signal<string | null>(sessionStorage.getItem(key));
/** Undefined: not asked yet. */
export const caller = signal<Caller | undefined>(undefined);
/** Why a token is asked for; undefined: none is. */
export const signInReason = signal<string | undefined>(undefined);
/** Of a tenant's own numbers workers, lag and SQL are no part. */
export const isBound = computed(() => caller.value?.tenant !== undefined);

export const may = (role: Role): boolean => caller.value?.roles.includes(role) ?? false;

export function keepToken(value: string | null): void {
  if (value === null) sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, value);
  token.value = value;
  caller.value = undefined;
  signInReason.value = undefined;
}
