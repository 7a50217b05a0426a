import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import type { Clock } from "../../../base/clock.js";
import { ProblemError } from "../../../http/problem.js";
import { type Identity, impersonable } from "../identity/identity.js";
import { deleteCookie, parseCookies, SIGN_IN_COOKIE, sealedSession, sessionCookies, setCookie } from "./cookies.js";
import type { OidcSignIn } from "./oidc.js";
import { cookiesCount, safeReturnPath } from "./same-origin.js";
import type { Sealer } from "./sealer.js";

/** Time in milliseconds that a user has to sign in at the issuer. */
const SIGN_IN_MS = 10 * 60_000;

const Session = z.object({ name: z.string(), groups: z.array(z.string()), exp: z.number() });
const Pending = z.object({ state: z.string(), nonce: z.string(), verifier: z.string(), returnTo: z.string() });

/** Options of the sessions. */
export interface SessionOptions {
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly oidc: OidcSignIn;
  readonly sessionMs: number;
  readonly publicUrl: string;
}

/** A redirect with cookies. */
export interface Redirect {
  readonly location: string;
  readonly cookies: readonly string[];
}

/** Sessions in encrypted cookies: the server keeps nothing, so that every replica knows them. */
export class Sessions {
  readonly #options: SessionOptions;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Name of the issuer for users. */
  get issuerName(): string | undefined {
    return this.#options.oidc.name;
  }

  /** How the command line signs in at the issuer. */
  get forCli(): OidcSignIn["forCli"] {
    return this.#options.oidc.forCli;
  }

  /** Returns the user of the session cookies; undefined without a valid session, or if the request may come from another site. */
  async identify(method: string, headers: IncomingHttpHeaders): Promise<Identity | undefined> {
    const sealed = sealedSession(parseCookies(headers.cookie));
    if (sealed === undefined || !cookiesCount(method, headers, this.#options.publicUrl)) return undefined;
    const session = Session.safeParse(await this.#options.sealer.open("session", sealed));
    if (!session.success) return undefined;
    const { name, groups, exp } = session.data;
    if ("refused" in impersonable(name, groups)) return undefined;
    return { name, groups, signedInBy: "session", expires: exp * 1000, credential: { kind: "impersonation" } };
  }

  /** Begins a sign-in at the issuer. */
  async begin(returnTo: unknown): Promise<Redirect> {
    const { oidc, sealer, clock } = this.#options;
    const { url, pending } = await oidc.begin();
    const claims = { ...pending, returnTo: safeReturnPath(returnTo) };
    const sealed = await sealer.seal("sign-in", claims, clock.now() + SIGN_IN_MS);
    return { location: url, cookies: [setCookie(SIGN_IN_COOKIE, sealed, SIGN_IN_MS / 1000)] };
  }

  /** Ends a sign-in with a session. Throws UNAUTHENTICATED if this browser has not begun it, or if the issuer does not confirm it. */
  async finish(parameters: URLSearchParams, headers: IncomingHttpHeaders): Promise<Redirect> {
    const { oidc, sealer, clock, sessionMs } = this.#options;
    const sealed = parseCookies(headers.cookie).get(SIGN_IN_COOKIE) ?? "";
    const pending = Pending.safeParse(await sealer.open("sign-in", sealed));
    if (!pending.success)
      throw new ProblemError(
        "UNAUTHENTICATED",
        "this browser has not begun this sign-in, or too long ago: begin again",
      );
    const { name, groups } = await oidc.finish(parameters, pending.data);
    const session = await sealer.seal("session", { name, groups: [...groups] }, clock.now() + sessionMs);
    const cookies = sessionCookies(session, sessionMs / 1000);
    if (cookies === undefined)
      throw new ProblemError(
        "UNAUTHENTICATED",
        "the user is in too many groups for a session: limit them at the issuer",
      );
    return { location: pending.data.returnTo, cookies: [...cookies, deleteCookie(SIGN_IN_COOKIE)] };
  }
}
