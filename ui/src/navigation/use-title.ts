import { useEffect } from "preact/hooks";

/** Sets the title of the page. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Overseer GitOps`;
  }, [title]);
}
