import { useState } from "preact/hooks";
import { call } from "../api/http.js";
import { ApiError } from "../api/problem.js";
import { client, useApi } from "../api/query.js";
import type { Whoami } from "../api/types.js";
import { Button } from "../components/button.js";
import { Code } from "../components/code.js";
import { Mark } from "../components/icon.js";
import { ErrorNotice } from "../components/messages.js";
import { href } from "../navigation/base.js";
import { useTitle } from "../navigation/use-title.js";
import { forgetToken, setToken, signedIn } from "../state/session.js";

/** How users can sign in. */
interface SignInOptions {
  readonly oidc?: { readonly name?: string };
}

const COMMAND = "kubectl create token NAME --namespace NAMESPACE";

/** Asks who the user is. Afterwards, the page of the address is shown. */
export function SignInPage() {
  useTitle("Sign in");
  const [text, setText] = useState("");
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const { data: options } = useApi<SignInOptions>("sign-in");
  const submit = async (): Promise<void> => {
    if (text.trim() === "") return;
    setBusy(true);
    setError(undefined);
    try {
      // What another user was shown before is not for this one.
      client.removeQueries({ type: "inactive" });
      setToken(text.trim());
      client.setQueryData(["whoami"], await call<Whoami>("whoami"));
      signedIn();
    } catch (cause) {
      forgetToken();
      setError(cause instanceof ApiError ? cause : undefined);
    } finally {
      setBusy(false);
    }
  };
  const back = `${location.pathname}${location.search}`;
  return (
    <main class="sign-in" id="main">
      <h1>
        <Mark />
        Sign in to Overseer GitOps
      </h1>
      <div class="panel">
        {options?.oidc !== undefined && (
          <>
            <a
              class="button button-primary"
              href={`${href("api/gitops/sign-in/oidc")}?returnTo=${encodeURIComponent(back)}`}
              target="_self"
            >
              Sign in with {options.oidc.name ?? "single sign-on"}
            </a>
            <p class="sign-in-or">or</p>
          </>
        )}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          <label class="field">
            <span class="field-label">Token</span>
            <textarea
              class="input input-token"
              rows={4}
              spellcheck={false}
              autocomplete="off"
              value={text}
              aria-invalid={error !== undefined}
              onInput={({ currentTarget }) => setText(currentTarget.value)}
            />
            <span class="field-help">
              It stays in the memory of this page, and is gone when you close or reload it.
            </span>
          </label>
          {error && <ErrorNotice error={error} />}
          <Button type="submit" kind="primary" busy={busy}>
            Sign in with this token
          </Button>
        </form>
      </div>
      <section>
        <h2>Where to get a token</h2>
        <p>You may do in these pages what your user may do with kubectl. A token of a ServiceAccount:</p>
        <Code text={COMMAND} label="Command" />
      </section>
    </main>
  );
}
