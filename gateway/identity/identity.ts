import type { Role, TokenEntry } from '../../schemas/config/token-entry.ts';
import { PenstockError } from '../../schemas/errors.ts';
import type { Scope } from '../history/history.ts';

export type { Role } from '../../schemas/config/token-entry.ts';

/** Who calls: the bearer of a token, or anybody on loopback where no tokens are configured. */
export interface Identity {
  /** Stands in the audit log and counts requests; never the token. */
  readonly name: string;
  readonly roles: ReadonlySet<Role>;
  /** Sees and makes tasks of this tenant alone. */
  readonly tenant?: string;
  /** Sees and feeds these pipelines alone. */
  readonly pipelines?: ReadonlySet<string>;
  /** Requests a second; absent: no limit. */
  readonly perSecond?: number;
}

const implied: Readonly<Record<Role, readonly Role[]>> = {
  submit: ['submit'],
  read: ['read'],
  operate: ['operate', 'read'],
  admin: ['admin', 'operate', 'read', 'submit'],
};

/** Where no tokens are asked for. */
export const anybody: Identity = { name: 'anybody', roles: new Set(implied.admin) };

/** On routes that ask for no token. */
export const nobody: Identity = { name: 'nobody', roles: new Set() };

export function identityOf({ name, roles, tenant, pipelines, perSecond }: TokenEntry): Identity {
  return {
    name,
    roles: new Set(roles.flatMap((role) => implied[role])),
    ...(tenant !== undefined && { tenant }),
    ...(pipelines && { pipelines: new Set(pipelines) }),
    ...(perSecond !== undefined && { perSecond }),
  };
}

/** What this caller may see in the history. */
export function scopeOf({ tenant, pipelines }: Identity): Scope {
  return { ...(tenant !== undefined && { tenant }), ...(pipelines && { pipelines: [...pipelines] }) };
}

/** Whether a pipeline exists for this caller. */
export function knows({ pipelines }: Identity, pipeline: string): boolean {
  return pipelines === undefined || pipelines.has(pipeline);
}

/** The pipelines that exist for this caller. */
export function knownTo<P extends { readonly name: string }>(
  identity: Identity,
  pipelines: readonly P[],
): readonly P[] {
  return identity.pipelines === undefined ? pipelines : pipelines.filter(({ name }) => knows(identity, name));
}

/** Whether a task of that tenant (absent or '': none) and pipeline is this caller's to see. */
export function maySee(identity: Identity, task: { readonly tenant?: string; readonly pipeline: string }): boolean {
  if (identity.tenant !== undefined && identity.tenant !== task.tenant) return false;
  return knows(identity, task.pipeline);
}

/** The tenant of what this caller submits. Throws PIPE_GATEWAY_FORBIDDEN where it names another than its own. */
export function tenantFor({ tenant }: Identity, wanted: string | undefined): string | undefined {
  if (tenant === undefined || wanted === undefined || wanted === tenant) return tenant ?? wanted;
  throw new PenstockError('PIPE_GATEWAY_FORBIDDEN', 'the token is bound to another tenant');
}
