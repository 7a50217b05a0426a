import { Icon } from "../components/icon.js";
import { announcement } from "../state/announce.js";

/** The result of the last action, read aloud by screen readers. */
export function Announcement() {
  const current = announcement.value;
  return (
    <div class="announcement" role="status" aria-live="polite">
      {current && (
        <div class="announcement-box">
          <Icon name="check" />
          <span>{current.text}</span>
          {current.link && <a href={current.link}>{current.label}</a>}
          <button
            type="button"
            class="button button-quiet button-icon"
            aria-label="Dismiss"
            onClick={() => {
              announcement.value = undefined;
            }}
          >
            <Icon name="close" />
          </button>
        </div>
      )}
    </div>
  );
}
