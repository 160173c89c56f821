// The session ended while the user was at work: signing in again happens over the screen, which keeps everything.
import { useEffect, useRef } from "react";
import { useSession } from "@/lib/auth-session";
import { SignInForm } from "./auth-forms";

export default function ExpiredDialog({ onLeave }: { onLeave: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const email = useSession((state) => state.user?.email ?? "");
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // The e-mail is known; only the password is asked.
    element?.querySelector<HTMLElement>('input[type="password"]')?.focus();
    return () => element?.close();
  }, []);
  return (
    <dialog
      className="dialog"
      ref={dialog}
      aria-labelledby="expired-title"
      onCancel={(event) => event.preventDefault()}
    >
      <h2 className="dialog-head" id="expired-title">
        Sign in again
      </h2>
      <div className="dialog-body expired">
        <p>Your session has ended. What you wrote is still here, and what is being made goes on.</p>
        <SignInForm email={email} onDone={() => undefined} />
      </div>
      <div className="dialog-foot">
        <button type="button" className="btn" onClick={onLeave}>
          Use another account
        </button>
      </div>
    </dialog>
  );
}
