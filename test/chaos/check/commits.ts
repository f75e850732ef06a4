import { type CaseFile, endedMs } from './case-file.ts';
import { type Commit, type Evidence, type Place, partitionName, placeName } from './evidence.ts';

/**
 * A commit covers only records that were done with before it, and what a group holds never goes back. Notes when each
 * record was covered first. Commits must be in the order in which Kafka took them.
 */
export function checkCommits({ commits }: Evidence, file: CaseFile): string[] {
  const violations: string[] = [];
  const positions = new Map<string, number>();
  for (const commit of commits) {
    const name = partitionName(commit);
    const before = positions.get(name) ?? 0;
    if (commit.offset < before) violations.push(`the commit of ${name} went back from ${before} to ${commit.offset}`);
    cover(commit, before, commit.offset, file, violations);
    for (const { start, end } of commit.above) cover(commit, start, end, file, violations);
    positions.set(name, Math.max(before, commit.offset));
  }
  return violations;
}

function cover(commit: Commit, from: number, to: number, file: CaseFile, violations: string[]): void {
  for (let offset = from; offset < to; offset++) {
    const place: Place = { topic: commit.topic, partition: commit.partition, offset };
    const found = file.at(place);
    if (found === undefined || found.coveredMs !== Number.POSITIVE_INFINITY) continue;
    found.coveredMs = commit.atMs;
    const early = endedMs(found) - commit.atMs;
    if (early <= 0) continue;
    const when = early === Number.POSITIVE_INFINITY ? 'never ended' : `ended ${early} ms later`;
    violations.push(`${placeName(place)} (${found.record?.id}) was committed and ${when}`);
  }
}
