// The page around the forms: the form at the left, the weave at the right.
import { type ReactNode, useEffect } from "react";
import { Mark } from "@/components/ui/mark";
import { weave } from "../model/weave";

interface SignLayoutProps {
  title: string;
  note?: ReactNode;
  /** What is done here: a form, or what came of it. */
  children: ReactNode;
  /** The other way to go, below. */
  other?: ReactNode;
}

export function SignLayout({ title, note, children, other }: SignLayoutProps) {
  useEffect(() => {
    document.title = `${title} · AetherOS`;
  }, [title]);
  return (
    <main className="sign" id="content" tabIndex={-1}>
      <div className="sign-form">
        <div className="side-brand">
          <Mark />
          AetherOS
        </div>
        <div className="sign-in">
          <div>
            <h1>{title}</h1>
            {note && <p className="dim">{note}</p>}
          </div>
          {children}
          {other && <p className="dim">{other}</p>}
        </div>
        <p className="faint text-12">
          Runs on your own server. Nothing you write here leaves it, except to the model you chose.
        </p>
      </div>
      <figure className="sign-art">
        <svg className="weave" viewBox="0 -4 640 400" aria-hidden="true">
          {weave.map((rect) => (
            <rect key={`${rect.x}-${rect.y}`} {...rect} />
          ))}
        </svg>
        <figcaption>
          A row for each thing made, a bar for each of its files. Copper is being written now, verdigris is done.
        </figcaption>
      </figure>
    </main>
  );
}
