// Where a prompt is written. Enter sends, Shift+Enter breaks the line; while something is made, Send is Stop.
import { ArrowUp, CornerDownLeft, Square } from "lucide-react";
import { type FormEvent, type KeyboardEvent, type ReactNode, useEffect, useId, useRef } from "react";
import { PROMPT_MAX } from "@/config/limits";
import { grouped } from "@/lib/words";

interface ComposerProps {
  text: string;
  onText: (text: string) => void;
  onSend: (text: string) => void;
  placeholder: string;
  rows?: number;
  /** Given while something is being made here. */
  onStop?: (() => void) | undefined;
  stopping?: boolean;
  sending?: boolean;
  autoFocus?: boolean;
  top?: ReactNode;
  bar?: ReactNode;
}

export function Composer(props: ComposerProps) {
  const { text, onText, onSend, placeholder, rows = 1, onStop, stopping, sending, autoFocus, top, bar } = props;
  const box = useRef<HTMLTextAreaElement>(null);
  const hintId = useId();
  const length = [...text.trim()].length;
  const tooLong = length > PROMPT_MAX;
  const canSend = length > 0 && !tooLong && !sending;
  useFocusOnSlash(box);
  useEffect(() => {
    if (autoFocus && matchMedia("(pointer: fine)").matches) box.current?.focus();
  }, [autoFocus]);

  function send(event?: FormEvent) {
    event?.preventDefault();
    if (canSend) onSend(text.trim());
    else box.current?.focus();
  }
  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  }
  return (
    <form className="composer" onSubmit={send}>
      {top}
      <textarea
        ref={box}
        rows={rows}
        aria-label="Message"
        aria-describedby={tooLong ? hintId : undefined}
        aria-invalid={tooLong || undefined}
        placeholder={placeholder}
        value={text}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {length > PROMPT_MAX * 0.9 && (
        <p id={hintId} className={`hint hint-row num ${tooLong ? "hint-error" : ""}`}>
          {grouped(length)} of {grouped(PROMPT_MAX)} characters{tooLong ? ". Shorten it to send." : ""}
        </p>
      )}
      <div className="composer-bar">
        {bar}
        <span className="grow" />
        {onStop && length > 0 && (
          <button type="submit" className="btn btn-ghost btn-sm" disabled={!canSend}>
            <CornerDownLeft className="i i-sm" aria-hidden="true" />
            Send next
          </button>
        )}
        {onStop ? (
          <button
            type="button"
            className="btn send"
            aria-label="Stop"
            aria-keyshortcuts="Escape"
            title="Stop (Esc)"
            onClick={onStop}
            disabled={stopping}
          >
            <Square className="i i-sm" aria-hidden="true" />
          </button>
        ) : (
          <button
            type="submit"
            className="btn btn-primary send"
            aria-label="Send"
            title={length === 0 ? "Write something first" : "Send (Enter)"}
            disabled={sending}
          >
            {sending ? <span className="nib" /> : <ArrowUp className="i" aria-hidden="true" />}
          </button>
        )}
      </div>
    </form>
  );
}

/** "/" anywhere outside a field puts the caret into the box. */
function useFocusOnSlash(box: React.RefObject<HTMLTextAreaElement | null>) {
  useEffect(() => {
    function onKey(event: globalThis.KeyboardEvent) {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target as HTMLElement | null;
      if (target?.closest("input, textarea, select, [contenteditable]")) return;
      event.preventDefault();
      box.current?.focus();
    }
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [box]);
}
