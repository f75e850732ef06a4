import type { ComponentChildren } from 'preact';
import type { StoredRecord } from '../api/answers.ts';
import { none } from '../lib/format.ts';
import { Fact } from './fact.tsx';
import { JsonBlock } from './json-block.tsx';

export interface RecordBodyProps {
  readonly record: StoredRecord;
  /** Facts of where it is. */
  readonly children: ComponentChildren;
}

/** A record as Kafka stores it: its value, decoded where that can be done, where it is, its key and its headers. */
export function RecordBody({ record: { key, headers, payload, undecoded }, children }: RecordBodyProps) {
  return (
    <div class="detail">
      {undecoded && (
        <p class="is-bad">
          It cannot be decoded: <bdi>{undecoded.reason}</bdi>
        </p>
      )}
      <JsonBlock label={undecoded ? 'Value as text' : 'Payload'} value={undecoded ? undecoded.text : payload} />
      <dl class="facts">
        {children}
        {Object.entries({ Key: key ?? none, ...headers }).map(([name, text]) => (
          <Fact key={name} name={name}>
            <bdi class="foreign mono">{text}</bdi>
          </Fact>
        ))}
      </dl>
    </div>
  );
}
