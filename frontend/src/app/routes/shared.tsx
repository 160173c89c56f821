// Screen: what a share link shows, to anybody who has the link.
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link, useParams } from "react-router";
import { ErrorCard } from "@/components/ui/error-card";
import { Mark } from "@/components/ui/mark";
import { sharedQuery } from "@/features/generation/api/share";
import { SharedView } from "@/features/generation/components/shared-view";
import { ApiError } from "@/lib/api-client";
import { titleOf } from "@/lib/words";

export function Component() {
  const { token = "" } = useParams();
  const { data, error, refetch, isFetching } = useQuery(sharedQuery(token));
  const gone = error instanceof ApiError && error.status === 404;
  const title = data ? titleOf(data) : gone ? "This link has ended" : "Shared";
  useEffect(() => {
    document.title = `${title} · AetherOS`;
  }, [title]);
  return (
    <div className="shared">
      <header className="top">
        <Link className="side-brand" to="/">
          <Mark />
          AetherOS
        </Link>
        <span className="grow" />
        <span className="badge">Read only</span>
      </header>
      <main id="content" className="shared-body" tabIndex={-1} aria-busy={!data && !error}>
        {data && <SharedView generation={data} />}
        {gone && (
          <div className="center-page">
            <h1>{title}</h1>
            <p>Whoever shared it has ended the link or deleted what it showed, or the address is not whole.</p>
            <Link className="btn" to="/">
              Go to AetherOS
            </Link>
          </div>
        )}
        {error && !gone && (
          <ErrorCard
            title="This could not be loaded"
            error={error}
            onRetry={() => void refetch()}
            retrying={isFetching}
          />
        )}
      </main>
    </div>
  );
}
