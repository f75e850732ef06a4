/** A refusal with Confluent's error code; its first three digits are the HTTP status. */
export class RegistryFault extends Error {
  override readonly name = 'RegistryFault';
  readonly errorCode: number;

  constructor(errorCode: number, message: string) {
    super(message);
    this.errorCode = errorCode;
  }

  get status(): number {
    return this.errorCode < 1000 ? this.errorCode : Math.floor(this.errorCode / 100);
  }
}

export const subjectUnknown = (subject: string): RegistryFault =>
  new RegistryFault(40401, `Subject '${subject}' not found.`);
export const versionUnknown = (version: string | number): RegistryFault =>
  new RegistryFault(40402, `Version ${version} not found.`);
export const schemaUnknown = (): RegistryFault => new RegistryFault(40403, 'Schema not found');
export const schemaInvalid = (detail: string): RegistryFault => new RegistryFault(42201, `Invalid schema: ${detail}`);
