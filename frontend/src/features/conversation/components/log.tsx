// The log of a conversation: held at its end while the user is there, with a way back when they have scrolled up.
import { ArrowDown } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";

interface LogProps {
  busy: boolean;
  /** When it grows, something was sent: the end comes into view. */
  entries: number;
  children: ReactNode;
}

export function Log({ busy, entries, children }: LogProps) {
  const box = useRef<HTMLDivElement>(null);
  const [away, setAway] = useState(false);
  const seen = useRef(entries);
  useEffect(() => {
    if (entries > seen.current) box.current?.scrollTo({ top: 0 });
    seen.current = entries;
  }, [entries]);
  return (
    <div className="chat-log">
      {/* What happens is said by one status line, so the log itself stays silent. */}
      <div
        className="log"
        role="log"
        aria-live="off"
        aria-busy={busy}
        aria-label="What was said"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
        tabIndex={0}
        ref={box}
        // The column is reversed: its end is at 0 and earlier text at negative offsets.
        onScroll={(event) => setAway(event.currentTarget.scrollTop < -240)}
      >
        <div className="log-in">{children}</div>
      </div>
      {away && (
        <div className="jump">
          <button type="button" className="btn btn-sm" onClick={() => box.current?.scrollTo({ top: 0 })}>
            <ArrowDown className="i i-sm" aria-hidden="true" />
            Jump to latest
          </button>
        </div>
      )}
    </div>
  );
}
