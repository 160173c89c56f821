// The frame of a screen: top bar with the path and the connection, then the content.
import { ChevronRight } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { Link } from "react-router";
import { CrashBoundary } from "@/components/ui/crash-boundary";
import { ConnectionPill } from "./connection-pill";
import { UserMenu } from "./user-menu";

interface ScreenProps {
  title: string;
  parent?: { name: string; to: string };
  /** At the right of the top bar. */
  actions?: ReactNode;
  children: ReactNode;
}

export function Screen({ title, parent, actions, children }: ScreenProps) {
  useEffect(() => {
    document.title = `${title} · AetherOS`;
  }, [title]);
  return (
    <div className="main">
      <header className="top">
        <nav className="crumb" aria-label="Breadcrumb">
          {parent && (
            <>
              <Link className="hide-phone" to={parent.to}>
                {parent.name}
              </Link>
              <ChevronRight className="i i-sm hide-phone" aria-hidden="true" />
            </>
          )}
          <span className="clip">{title}</span>
        </nav>
        <span className="grow" />
        {actions}
        <ConnectionPill />
        <span className="only-phone">
          <UserMenu compact />
        </span>
      </header>
      <main id="content" className="scroll" tabIndex={-1}>
        <CrashBoundary name="This screen">{children}</CrashBoundary>
      </main>
    </div>
  );
}
