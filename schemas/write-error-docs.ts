import { writeFileSync } from 'node:fs';
import { errorCatalogue } from './error-catalogue.ts';

const intro = `# Errors

Every failure that Penstock names: in the dead letters' \`code\`, in \`error_code\` of the table \`attempts\`, in the
gateway's problem documents, and on the command line. Codes never change their meaning.

*Passing* means that the same task or command may succeed later; Penstock tries such tasks again by the stage's policy.
*Permanent* means that it cannot; such a task goes to the dead letters at once.

This page is made from \`schemas/error-catalogue.ts\` by \`npm run docs:errors\`.
`;

/** docs/errors.md as text: one section a code, in the order of the alphabet. */
export function renderErrorDocs(): string {
  const sections = Object.entries(errorCatalogue)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, entry]) => {
      const kind = entry.retryable ? 'Passing' : 'Permanent';
      return `## ${code}\n\n${kind}. ${entry.cause}\n\n**Remedy:** ${entry.remedy}\n`;
    });
  return [intro, ...sections].join('\n');
}

if (process.argv[1] === import.meta.filename) writeFileSync('docs/errors.md', renderErrorDocs());
