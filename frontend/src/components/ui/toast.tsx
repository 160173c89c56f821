// Short messages with at most one act, such as Undo. For what needs no answer; errors that do are shown in place.
import { X } from "lucide-react";
import { create } from "zustand";

interface Toast {
  id: number;
  text: string;
  action?: { label: string; run: () => void } | undefined;
}

const useToasts = create<{ toasts: Toast[] }>(() => ({ toasts: [] }));
let nextId = 1;

/** Shows a message for `ms`. Returns how to take it away sooner. */
export function showToast(text: string, options: { action?: Toast["action"]; ms?: number } = {}): () => void {
  const id = nextId++;
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts.slice(-2), { id, text, action: options.action }] }));
  const close = () => useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));
  setTimeout(close, options.ms ?? 5_000);
  return close;
}

export function Toaster() {
  const toasts = useToasts((state) => state.toasts);
  const close = (id: number) => useToasts.setState({ toasts: toasts.filter((toast) => toast.id !== id) });
  return (
    <div className="toasts" role="status">
      {toasts.map((toast) => (
        <div className="toast" key={toast.id}>
          <span className="grow">{toast.text}</span>
          {toast.action && (
            <button
              type="button"
              className="btn btn-sm"
              onClick={() => {
                toast.action?.run();
                close(toast.id);
              }}
            >
              {toast.action.label}
            </button>
          )}
          <button
            type="button"
            className="btn btn-ghost btn-sm btn-icon"
            aria-label="Close"
            onClick={() => close(toast.id)}
          >
            <X className="i" aria-hidden="true" />
          </button>
        </div>
      ))}
    </div>
  );
}
