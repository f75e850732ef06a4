/**
 * What Penstock knows of a task beside its payload: the JSON of the one header `penstock`. Times are epoch
 * milliseconds. A field that has its default is left out on the wire: every header byte is paid at every hop.
 */
export interface Envelope {
  readonly id: string;
  /** Who submitted it: a CloudEvents source, a host, a service name. */
  readonly source?: string;
  /** Submitted at. */
  readonly at?: number;
  /** Which attempt this record asks for; default 1. */
  readonly attempt?: number;
  readonly notBefore?: number;
  readonly expiresAt?: number;
  /** Id of the task that fanned out into this one. */
  readonly parent?: string;
  readonly tenant?: string;
  /** W3C traceparent. */
  readonly trace?: string;
  readonly replay?: string;
}
