import type { Clock } from "../../../base/clock.js";
import { CaddyRejection } from "./caddy-admin.js";
import type { GivenCertificate } from "./certificates.js";

/** Time in milliseconds after which a rejected certificate is tried again, since permissions may have changed. */
const AGAIN_MS = 5 * 60_000;

/**
 * Finds out which certificates a proxy does not accept, since it rejects its whole configuration because of one. They are remembered until
 * their files change, so that the proxy is not asked again and again.
 */
export class RejectedCertificates {
  readonly #clock: Clock;
  /** Problem and time by certificate and version. */
  readonly #known = new Map<string, { readonly problem: string; readonly at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Calls `publish` with all certificates; if the proxy rejects that, without those that its message names, without one of them, and
   * without all. Throws what `publish` throws, but CaddyRejection only if certificates are not the cause.
   */
  async publish<T>(
    given: readonly GivenCertificate[],
    publish: (certificates: readonly GivenCertificate[]) => Promise<T>,
  ): Promise<T> {
    const marked = given.map((one) => this.#marked(one));
    const usable = marked.filter(({ problem }) => problem === undefined);
    try {
      return await publish(marked);
    } catch (error) {
      if (!(error instanceof CaddyRejection) || usable.length === 0) throw error;
      const named = usable.filter(({ certificate, key }) =>
        [certificate, key].some((file) => error.message.includes(file)),
      );
      const single = usable.length === 1 ? [] : usable.map((one) => [one]);
      const guesses = named.length > 0 ? [named, usable] : [...single, usable];
      for (const rejected of guesses) {
        const rest = marked.map((one) => (rejected.includes(one) ? withProblem(one, error.message) : one));
        try {
          const result = await publish(rest);
          for (const one of rejected) this.#remember(one, error.message);
          return result;
        } catch (again) {
          if (!(again instanceof CaddyRejection)) throw again;
        }
      }
      throw error;
    }
  }

  #marked(one: GivenCertificate): GivenCertificate {
    const known = this.#known.get(keyOf(one));
    if (known === undefined || one.problem !== undefined) return one;
    if (this.#clock.now() - known.at < AGAIN_MS) return { ...one, problem: known.problem };
    this.#known.delete(keyOf(one));
    return one;
  }

  #remember(one: GivenCertificate, message: string): void {
    const { problem = "" } = withProblem(one, message);
    this.#known.set(keyOf(one), { problem, at: this.#clock.now() });
  }
}

function keyOf({ certificate, version }: GivenCertificate): string {
  return `${certificate} ${version}`;
}

function withProblem(one: GivenCertificate, message: string): GivenCertificate {
  return { ...one, problem: `its certificate ${one.certificate} with the key ${one.key} cannot be used: ${message}` };
}
