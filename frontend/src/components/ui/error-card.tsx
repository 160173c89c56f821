// A part that could not be shown: what happened, what to do, the details folded. Its neighbours stay.
import { CircleAlert } from "lucide-react";
import { ApiError, errorWords } from "@/lib/api-client";

interface ErrorCardProps {
  title: string;
  error: unknown;
  onRetry?: (() => void) | undefined;
  retrying?: boolean;
}

export function ErrorCard({ title, error, onRetry, retrying = false }: ErrorCardProps) {
  const trace = error instanceof ApiError ? error.traceId : undefined;
  return (
    <div className="error-card" role="alert">
      <h3>
        <CircleAlert className="i" aria-hidden="true" />
        {title}
      </h3>
      <p>{errorWords(error)}</p>
      {onRetry && (
        <div className="btn-row">
          <button type="button" className="btn" onClick={onRetry} disabled={retrying}>
            {retrying && <span className="nib" />}
            {retrying ? "Trying again…" : "Try again"}
          </button>
        </div>
      )}
      {trace && (
        <details>
          <summary>Details</summary>
          <p className="mono">Request {trace}</p>
        </details>
      )}
    </div>
  );
}
