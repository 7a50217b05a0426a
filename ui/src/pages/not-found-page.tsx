import { LinkButton } from "../components/button.js";
import { Empty } from "../components/messages.js";
import { Page } from "../components/page.js";
import { href } from "../navigation/base.js";

/** Page of an address that leads nowhere. */
export function NotFoundPage() {
  return (
    <Page title="Nothing here">
      <Empty
        title="There is no page at this address"
        actions={
          <LinkButton to={href("apps")} icon="apps">
            Show all apps
          </LinkButton>
        }
      />
    </Page>
  );
}
