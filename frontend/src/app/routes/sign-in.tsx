// Screen: sign in, and the second step where the account has one. Where to go next is the guard's business, see
// app/signed-out.
import { useState } from "react";
import { Link, useLocation, useSearchParams } from "react-router";
import { ChallengeForm, SignInForm } from "@/features/auth/components/auth-forms";
import { ProviderButtons } from "@/features/auth/components/provider-buttons";
import { SignLayout } from "@/features/auth/components/sign-layout";
import { useSession } from "@/lib/auth-session";
import { safeNext } from "../safe-next";

export function Component() {
  const { search } = useLocation();
  const [params] = useSearchParams();
  const deleted = useSession((state) => state.deleted);
  const [mfaToken, setMfaToken] = useState<string>();
  const [reason, setReason] = useState<string>();
  if (mfaToken !== undefined) {
    return (
      <SignLayout title="Second step" note="Your password is right. Now the code.">
        <ChallengeForm
          mfaToken={mfaToken}
          onBack={(why) => {
            setMfaToken(undefined);
            setReason(why);
          }}
        />
      </SignLayout>
    );
  }
  return (
    <SignLayout
      title="Sign in"
      note={params.has("next") ? "to go on where you were" : `to ${window.location.host}`}
      other={
        <>
          New here?{" "}
          <Link className="link" to={`/register${search}`}>
            Create an account
          </Link>
        </>
      }
    >
      {deleted && (
        <div className="banner" role="status">
          <span className="grow">Your account is deleted, and all that was in it. Goodbye, and thank you.</span>
        </div>
      )}
      {reason && (
        <div className="banner danger" role="alert">
          <span className="grow">{reason}</span>
        </div>
      )}
      <SignInForm onChallenge={setMfaToken} />
      <ProviderButtons next={safeNext(params.get("next"))} />
    </SignLayout>
  );
}
