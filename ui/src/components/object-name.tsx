import { visible } from "../diff/visible.js";

/** An object like `Deployment shop/web`, with its kind dimmed. */
export function ObjectName({ name }: { readonly name: string }) {
  const [kind, ...rest] = visible(name).split(" ");
  return (
    <span class="object-name">
      <span class="object-kind">{kind}</span> {rest.join(" ")}
    </span>
  );
}
