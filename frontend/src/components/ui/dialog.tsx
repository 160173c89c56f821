// A dialog over the screen, in the browser's top layer: the rest is inert, and the focus comes back when it closes.
import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { createPortal } from "react-dom";

interface DialogProps {
  title: string;
  children: ReactNode;
  /** The buttons. Those of a form inside stand in the form. */
  foot?: ReactNode;
  /** Escape, and whatever else means "rather not". Without it there is no way round the question. */
  onClose?: (() => void) | undefined;
}

export function Dialog({ title, children, foot, onClose }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Before the element goes: an open dialog that is only taken out does not give the focus back.
  useLayoutEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    return () => element?.close();
  }, []);
  // At the end of the page: it takes over no style of what it was opened from.
  return createPortal(
    <dialog
      className="dialog"
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <h2 className="dialog-head" id={id}>
        {title}
      </h2>
      <div className="dialog-body">{children}</div>
      {foot && <div className="dialog-foot">{foot}</div>}
    </dialog>,
    document.body,
  );
}
