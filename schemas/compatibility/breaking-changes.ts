import { resolverProblem } from '../codec/avro-type.ts';
import type { AvroJson } from '../record-schema.ts';
import { checkCompatibility } from './check-compatibility.ts';

/**
 * What would break users between a released schema and the current one, both ways: old records in Kafka must be read by
 * new code, and new records by workers that are not upgraded yet. Asked twice, by the specification's rules and by avsc.
 */
export function breakingChanges(released: AvroJson, current: AvroJson): string[] {
  return [
    ...oneWay('new code cannot read old records', current, released),
    ...oneWay('old code cannot read new records', released, current),
  ];
}

function oneWay(effect: string, reader: AvroJson, writer: AvroJson): string[] {
  const problems = checkCompatibility(reader, writer);
  if (problems.length > 0) return problems.map((problem) => `${effect}: ${problem}`);
  const found = resolverProblem(reader, writer);
  return found === undefined ? [] : [`${effect}: ${found}`];
}
