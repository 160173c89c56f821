// The session ended while the user was at work: signing in again happens over the screen, which keeps everything.
import { useEffect, useRef, useState } from "react";
import { Dialog } from "@/components/ui/dialog";
import { useSession } from "@/lib/auth-session";
import { ChallengeForm, SignInForm } from "./auth-forms";
import { ProviderButtons } from "./provider-buttons";

interface ExpiredDialogProps {
  /** Where they are: whoever signs in with a provider comes back here. */
  here: string;
  onLeave: () => void;
}

export default function ExpiredDialog({ here, onLeave }: ExpiredDialogProps) {
  const body = useRef<HTMLDivElement>(null);
  const email = useSession((state) => state.user?.email ?? "");
  const [mfaToken, setMfaToken] = useState<string>();
  useEffect(() => {
    // The e-mail is known; only the password is asked.
    if (mfaToken === undefined) body.current?.querySelector<HTMLElement>('input[type="password"]')?.focus();
  }, [mfaToken]);
  return (
    <Dialog
      title="Sign in again"
      foot={
        <button type="button" className="btn" onClick={onLeave}>
          Use another account
        </button>
      }
    >
      <div className="expired" ref={body}>
        <p>Your session has ended. What you wrote is still here, and what is being made goes on.</p>
        {mfaToken === undefined ? (
          <>
            <SignInForm email={email} onChallenge={setMfaToken} />
            <ProviderButtons next={here} />
          </>
        ) : (
          <ChallengeForm mfaToken={mfaToken} onBack={() => setMfaToken(undefined)} />
        )}
      </div>
    </Dialog>
  );
}
