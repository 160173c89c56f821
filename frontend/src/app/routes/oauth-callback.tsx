// Screen: where a provider sends the browser back to. What it brought is taken once, and leaves the address bar at once.
import { useCallback, useEffect, useRef, useState } from "react";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";
import { GrainWaiting } from "@/components/ui/grain";
import { finishReturn } from "@/features/auth/api/auth";
import { ChallengeForm } from "@/features/auth/components/auth-forms";
import { SignLayout } from "@/features/auth/components/sign-layout";
import { type ReturnFault, readReturn, refusedReturn } from "@/features/auth/model/oauth-return";
import { useSession } from "@/lib/auth-session";
import { forgetWay, isProvider, keptWay, type Provider, providerName } from "@/lib/providers";
import { safeNext } from "../safe-next";
import { NotFound } from "./not-found";

export function Component() {
  const { provider } = useParams();
  const known = useSession((state) => state.status !== "unknown");
  if (!isProvider(provider)) return <NotFound />;
  // To link, it must be known who is signed in here.
  return known ? <Return provider={provider} /> : null;
}

type Stand = { at: "working" } | { at: "second-step"; mfaToken: string } | { at: "fault"; fault: ReturnFault };

function Return({ provider }: { provider: Provider }) {
  const [params] = useSearchParams();
  const navigate = useNavigate();
  const [stand, setStand] = useState<Stand>({ at: "working" });
  const [way] = useState(keptWay);
  const brought = useRef(params);
  const begun = useRef(false);
  const name = providerName(provider);
  const goOn = useCallback(() => void navigate(safeNext(way.next), { replace: true }), [navigate, way]);

  useEffect(() => {
    // A code works once, also where effects run twice.
    if (begun.current) return;
    begun.current = true;
    const found = readReturn(brought.current, provider, way);
    forgetWay();
    void navigate(`/oauth/callback/${provider}`, { replace: true });
    if (found.kind === "fault") {
      setStand({ at: "fault", fault: found.fault });
      return;
    }
    finishReturn(provider, found.brought, way.purpose).then(
      (mfaToken) => (mfaToken === undefined ? goOn() : setStand({ at: "second-step", mfaToken })),
      (error: unknown) => setStand({ at: "fault", fault: refusedReturn(error, provider, way) }),
    );
  }, [provider, way, navigate, goOn]);

  if (stand.at === "second-step") {
    return (
      <SignLayout title="Second step" note={`${name} knows you. Now the code.`}>
        <ChallengeForm mfaToken={stand.mfaToken} onDone={goOn} onBack={() => void navigate("/sign-in")} />
      </SignLayout>
    );
  }
  if (stand.at === "fault") return <Fault {...stand.fault} next={safeNext(way.next)} />;
  return (
    <SignLayout
      title={`Back from ${name}`}
      note={way.purpose === "link" ? "Linking it to your account." : "Signing you in."}
    >
      <GrainWaiting />
    </SignLayout>
  );
}

function Fault({ title, words, to, next }: ReturnFault & { next: string }) {
  const signIn = next === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(next)}`;
  return (
    <SignLayout title={title}>
      <p role="alert">{words}</p>
      {to === "security" ? (
        <Link className="btn btn-primary btn-lg btn-block" to="/settings/security">
          Back to Settings
        </Link>
      ) : (
        <Link className="btn btn-primary btn-lg btn-block" to={signIn}>
          Sign in
        </Link>
      )}
    </SignLayout>
  );
}
