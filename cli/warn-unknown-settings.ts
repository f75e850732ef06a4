import { unknownSettings } from '../schemas/config.ts';
import { printProgress } from './output.ts';

/** On stderr, a line for each variable with our prefix that nothing reads. */
export function warnUnknownSettings(env: NodeJS.ProcessEnv = process.env): void {
  for (const { name, nearest } of unknownSettings(env)) {
    printProgress(`warning: ${name} is no setting${nearest === undefined ? '' : `; is ${nearest} meant?`}`);
  }
}
