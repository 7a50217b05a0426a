import { UsageError } from "../../exit-codes.js";

/** Flags of `overseer audit list`. */
export interface AuditFlags {
  readonly server?: string;
  readonly token?: string;
  /** Milliseconds; 0 is no limit. */
  readonly requestTimeout?: number;
  /** Milliseconds. */
  readonly since?: number;
  readonly user?: string;
  /** NAMESPACE/NAME. */
  readonly app?: string;
  readonly verb?: string;
  readonly limit?: number;
  readonly output?: "json" | "table";
}

/** Splits NAMESPACE/NAME. Throws UsageError. */
export function nameOf(app: string): [namespace: string, name: string] {
  const [namespace, name, more] = app.split("/");
  if (!namespace || !name || more !== undefined) throw new UsageError("--app must be NAMESPACE/NAME");
  return [namespace, name];
}
