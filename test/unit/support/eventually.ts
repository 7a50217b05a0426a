const DEADLINE_MS = 10_000;

/** Lets other work go on until `probe` gives something other than undefined and false, and gives that. */
export async function eventually<T>(what: string, probe: () => T | undefined | false): Promise<T> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const answer = probe();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: never came true`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What `promise` is rejected with. Throws if it is not rejected. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  const nothing = Symbol("nothing");
  const error = await promise.then(
    () => nothing,
    (reason: unknown) => reason,
  );
  if (error === nothing) throw new Error("the promise was expected to be rejected");
  return error;
}
