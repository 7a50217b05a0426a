/** How many apps of an Environment apply a Change at a time. */
export interface RolloutSlots {
  /**
   * Takes a place of an Environment for the app that is judged. Returns the apps that have all places, so that the app has to wait; empty if it
   * has got one. The place is kept until the app's Change is recorded as begun.
   */
  take(environment: string, namespaces: ReadonlySet<string>, limit: number): readonly string[];
}
