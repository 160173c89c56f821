// One subject of a settings page: what it is, and what can be done about it. It saves by itself and says how that went.
import { Check } from "lucide-react";
import { type ReactNode, useId } from "react";

interface PanelProps {
  title: string;
  note?: ReactNode;
  children: ReactNode;
}

export function Panel({ title, note, children }: PanelProps) {
  const id = useId();
  return (
    <section className="panel" aria-labelledby={id}>
      <div>
        <h2 id={id}>{title}</h2>
        {note && <p className="panel-note">{note}</p>}
      </div>
      {children}
    </section>
  );
}

/** The good end of what was just done. Stands empty before, so that it is heard when it comes. */
export function Said({ children }: { children: ReactNode }) {
  return (
    <span role="status">
      {children && (
        <span className="said">
          <Check className="i" aria-hidden="true" />
          {children}
        </span>
      )}
    </span>
  );
}

/** The shape of rows that are on their way. */
export function ThingsSkeleton({ rows = 2 }: { rows?: number }) {
  return (
    <div className="things" aria-hidden="true">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of nothing have no other identity
        <div className="thing" key={row}>
          <div className="skel" />
          <div className="grid gap-(--s-3)">
            <div className="skel w1" />
            <div className="skel w3" />
          </div>
        </div>
      ))}
    </div>
  );
}
