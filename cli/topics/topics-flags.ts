export interface TopicsFlags {
  readonly module?: readonly string[];
  readonly json?: true;
}
