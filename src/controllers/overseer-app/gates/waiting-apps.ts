/** Apps whose Change waits at a gate, so that events can make them judge it again. */
export class WaitingApps {
  readonly #gates = new Map<string, ReadonlySet<string>>();

  /** Records the gates at which an app (`namespace/name`) waits. */
  wait(app: string, gates: Iterable<string>): void {
    this.#gates.set(app, new Set(gates));
  }

  /** Records that an app waits at no gate. */
  clear(app: string): void {
    this.#gates.delete(app);
  }

  /** Returns the apps that wait at a gate. */
  at(gate: string): string[] {
    return [...this.#gates].filter(([, gates]) => gates.has(gate)).map(([app]) => app);
  }
}
