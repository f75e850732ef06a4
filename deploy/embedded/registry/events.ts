export const compatibilityLevels = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const;
export type CompatibilityLevel = (typeof compatibilityLevels)[number];

/** One line of the log. The state is nothing but the sum of these. */
export type RegistryEvent =
  | {
      readonly op: 'register';
      readonly subject: string;
      readonly version: number;
      readonly id: number;
      readonly schema: string;
    }
  /** Hidden from lists and from compatibility; still readable with ?deleted=true and by id. */
  | { readonly op: 'delete'; readonly subject: string; readonly version: number }
  | { readonly op: 'purge'; readonly subject: string; readonly version: number }
  /** subject null: the default of all; level null: back to the default. */
  | { readonly op: 'config'; readonly subject: string | null; readonly level: CompatibilityLevel | null };
