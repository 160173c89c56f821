// A prompt that has not reached the server yet: why it waits, and how to take it back.
import { X } from "lucide-react";
import type { OutgoingPrompt } from "../model/outbox";

interface WaitingPromptProps {
  item: OutgoingPrompt;
  /** Why it waits. */
  reason: string;
  onEdit: () => void;
  onRemove: () => void;
  onRetry: () => void;
}

export function WaitingPrompt({ item, reason, onEdit, onRemove, onRetry }: WaitingPromptProps) {
  return (
    <article className="msg msg-user" aria-label="You, waiting">
      <div className="msg-body">
        <p className="plain">{item.prompt}</p>
      </div>
      <div className="msg-acts">
        {item.refused === undefined ? (
          <span className="state waiting">{reason}</span>
        ) : (
          <span className="state failed">Not sent. {item.refused}</span>
        )}
        {item.refused !== undefined && (
          <button type="button" className="btn btn-ghost btn-sm" onClick={onRetry}>
            Send again
          </button>
        )}
        <button type="button" className="btn btn-ghost btn-sm" onClick={onEdit}>
          Edit
        </button>
        <button
          type="button"
          className="btn btn-ghost btn-sm btn-icon"
          aria-label="Remove this message"
          title="Remove"
          onClick={onRemove}
        >
          <X className="i" aria-hidden="true" />
        </button>
      </div>
    </article>
  );
}
