import { networkOf } from "../../base/address-network.js";
import type { Clock } from "../../base/clock.js";
import { type BucketSize, TokenBucket } from "../../base/token-bucket.js";
import { ProblemError } from "../../http/problem.js";

/** Limits of requests, each per key. */
export interface RateSizes {
  /** Requests of a user. */
  readonly user: BucketSize;
  /** Requests of an address that are refused for want of a valid credential. */
  readonly refused: BucketSize;
}

/** Default limits. A page of the web UI sends fewer than 20 requests at once. */
export const RATE_SIZES: RateSizes = {
  user: { burst: 300, perSecond: 50 },
  refused: { burst: 100, perSecond: 5 },
};
/** Records of writes without a valid credential in a minute, over all addresses: more would push those of users out of the audit trail. */
const RECORDS_PER_MINUTE = 20;
/** Users and addresses that are counted at the same time. */
const MAX_KEYS = 10_000;

/** Limits the requests of users, and the failed attempts of addresses. Counted by each process. */
export class RateLimits {
  readonly #clock: Clock;
  readonly #sizes: RateSizes;
  readonly #buckets = new Map<string, TokenBucket>();
  /** Addresses that have to wait, until a monotonic time. */
  readonly #blocked = new Map<string, number>();

  #records = { since: Number.NEGATIVE_INFINITY, count: 0, suppressed: 0 };

  constructor(clock: Clock, sizes: RateSizes = RATE_SIZES) {
    this.#clock = clock;
    this.#sizes = sizes;
  }

  /** Counts a request of a user. Throws RATE_LIMITED if there were too many. */
  countUser(name: string): void {
    const waitMs = this.#take(`user ${name}`, this.#sizes.user);
    if (waitMs > 0) throw tooMany(waitMs);
  }

  /** Throws RATE_LIMITED while an address has failed too often. Costs less than verifying another credential. */
  checkAddress(address: string): void {
    const waitMs = (this.#blocked.get(networkOf(address)) ?? 0) - this.#clock.monotonic();
    if (waitMs > 0) throw tooMany(waitMs);
  }

  /** Counts a request without a valid credential. Addresses of one IPv6 network, which belong to one site, count together. */
  countRefused(address: string): void {
    const network = networkOf(address);
    const waitMs = this.#take(`address ${network}`, this.#sizes.refused);
    if (waitMs === 0) return;
    forget(this.#blocked);
    this.#blocked.set(network, this.#clock.monotonic() + waitMs);
  }

  /** Counts a record of a write without a valid credential. Returns how many before it were suppressed; undefined if this one is, too. */
  countRecord(): number | undefined {
    const now = this.#clock.monotonic();
    if (now - this.#records.since >= 60_000) this.#records = { ...this.#records, since: now, count: 0 };
    if (this.#records.count >= RECORDS_PER_MINUTE) {
      this.#records.suppressed++;
      return undefined;
    }
    const { suppressed } = this.#records;
    this.#records.count++;
    this.#records.suppressed = 0;
    return suppressed;
  }

  #take(key: string, size: BucketSize): number {
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#clock, size);
    this.#buckets.delete(key);
    forget(this.#buckets);
    this.#buckets.set(key, bucket);
    return bucket.take();
  }
}

/** Drops the entries that were used longest ago. */
function forget(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    if (map.size < MAX_KEYS) return;
    map.delete(key);
  }
}

function tooMany(waitMs: number): ProblemError {
  return new ProblemError("RATE_LIMITED", "too many requests: wait, and send fewer", {
    retryAfter: Math.ceil(waitMs / 1000),
  });
}
