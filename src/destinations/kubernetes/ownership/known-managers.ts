import { isController, isOfUser } from "./field-managers.js";

/** Names of field managers, or patterns with a `*` at the end for all names with a prefix. */
export interface ManagerPatterns {
  /** Clients of people, beside kubectl. */
  readonly users: readonly string[];
  /** Controllers, beside those of Kubernetes. */
  readonly controllers: readonly string[];
}

/** Tells clients of people from controllers by their field managers. */
export class KnownManagers {
  readonly #patterns: ManagerPatterns;

  constructor(patterns: ManagerPatterns) {
    this.#patterns = patterns;
  }

  /** Whether people write as this field manager. */
  isUser(manager: string): boolean {
    return isOfUser(manager) || matches(this.#patterns.users, manager);
  }

  /** Whether a controller writes as this field manager, whose fields are never reverted. */
  isController(manager: string): boolean {
    return isController({ manager }) || matches(this.#patterns.controllers, manager);
  }
}

function matches(patterns: readonly string[], manager: string): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith("*") ? manager.startsWith(pattern.slice(0, -1)) : manager === pattern,
  );
}
