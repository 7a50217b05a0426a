/** How documents are printed. */
export const FORMATS = ["yaml", "json", "name"] as const;
export type Format = (typeof FORMATS)[number];

/** Options of `overseer render`, as commander parses them. */
export interface RenderOptions {
  readonly file?: string;
  readonly app?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly destination?: "kubernetes" | "overseer";
  readonly values?: readonly string[];
  readonly set?: readonly string[];
  readonly setString?: readonly string[];
  readonly env?: readonly string[];
  readonly kubeVersion?: string;
  readonly apiVersions?: readonly string[];
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly overlay?: string;
  readonly ageKeyFile?: string;
  readonly allowedRemoteBaseHosts?: readonly string[];
  readonly registryConfig?: string;
  readonly repositoryConfig?: string;
  readonly output: Format;
  readonly kubectl?: string;
  readonly helm?: string;
  readonly timeout: number;
}
