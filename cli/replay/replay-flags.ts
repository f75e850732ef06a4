export interface ReplayFlags {
  readonly from: string;
  readonly partition?: number;
  readonly dryRun?: true;
  readonly module?: readonly string[];
  readonly json?: true;
}
