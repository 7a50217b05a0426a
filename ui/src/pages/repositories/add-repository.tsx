import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { addRepository } from "../../api/actions.js";
import type { ApiError } from "../../api/problem.js";
import { Confirm } from "../../components/confirm.js";
import { TextField } from "../../components/text-field.js";
import { useAction } from "../../components/use-action.js";
import { repositoryLink } from "../../navigation/links.js";
import { announce } from "../../state/announce.js";

interface Draft {
  readonly url: string;
  readonly name: string;
  readonly namespace: string;
  readonly branch: string;
  readonly secret: string;
}

const EMPTY: Draft = { url: "", name: "", namespace: "default", branch: "", secret: "" };

/** Asks for the fields of a new repository. Errors of the API server stand at the field to change. */
export function AddRepository({ onClose }: { readonly onClose: () => void }) {
  const [draft, setDraft] = useState<Draft>(EMPTY);
  const { route } = useLocation();
  const name = draft.name === "" ? nameFrom(draft.url) : draft.name;
  const { namespace } = draft;
  const action = useAction(
    () => addRepository({ namespace, name, spec: specOf(draft) }),
    () => {
      onClose();
      announce(`Repository ${name} added`);
      route(repositoryLink(namespace, name));
    },
  );
  const field = (key: keyof Draft) => ({
    value: draft[key],
    onInput: (value: string) => setDraft({ ...draft, [key]: value }),
  });
  const missing = draft.url === "" ? "Enter a URL first" : namespace === "" ? "Enter a namespace first" : undefined;
  return (
    <Confirm
      title="Add a repository"
      verb={name === "" ? "Add the repository" : `Add ${name}`}
      action={action}
      disabledBecause={missing}
      onClose={onClose}
    >
      <TextField
        label="URL"
        help="https://…, ssh://… or git@host:path"
        error={errorAt(action.error, "url")}
        {...field("url")}
      />
      <div class="fields">
        <TextField label="Namespace" error={errorAt(action.error, "namespace")} {...field("namespace")} />
        <TextField label="Name" error={errorAt(action.error, "name")} {...field("name")} value={name} />
      </div>
      <TextField
        label="Branch (optional)"
        help="Without one, the default branch of the repository."
        error={errorAt(action.error, "branch")}
        {...field("branch")}
      />
      <TextField
        label="Secret with the credential (optional)"
        help="In the same namespace. Without one, the repository is read anonymously."
        error={errorAt(action.error, "secretRef")}
        {...field("secret")}
      />
    </Confirm>
  );
}

function specOf({ url, branch, secret }: Draft): Record<string, unknown> {
  return {
    url: url.trim(),
    ...(branch.trim() === "" ? {} : { ref: { branch: branch.trim() } }),
    ...(secret.trim() === "" ? {} : { secretRef: { name: secret.trim() } }),
  };
}

/** `https://git.example.com/team/Shop.git` → `shop`. */
function nameFrom(url: string): string {
  const last = /([^/:]+?)(?:\.git)?\/?$/.exec(url.trim())?.[1] ?? "";
  return last
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
}

/** The part of an error that is about a field. */
function errorAt(error: ApiError | undefined, field: string): string | undefined {
  return error?.problem.errors?.find(({ pointer }) => pointer?.split("/").includes(field))?.detail;
}
