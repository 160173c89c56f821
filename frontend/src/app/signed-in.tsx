// The shell of a signed-in user: session guard, socket, streams, outbox, side bar. Screens come inside.
import { lazy, Suspense, useEffect } from "react";
import { Navigate, Outlet, useLocation, useMatch, useNavigate } from "react-router";
import { signOut } from "@/features/auth/api/auth";
import { openOutbox } from "@/features/conversation/model/outbox";
import { bindStreams } from "@/features/generation/model/streams";
import { useSession } from "@/lib/auth-session";
import { queryClient } from "@/lib/query";
import { connectSocket, disconnectSocket } from "@/lib/socket";
import { useStepUp } from "@/lib/step-up";
import { runOutbox } from "./outbox-runner";
import { ShellSkeleton } from "./shell-skeleton";
import { Side, TabBar } from "./side";
import { useReadyNotice } from "./use-ready-notice";

const ExpiredDialog = lazy(() => import("@/features/auth/components/expired-dialog"));
const StepUpDialog = lazy(() => import("@/features/auth/components/step-up-dialog"));

export function SignedIn() {
  const status = useSession((state) => state.status);
  const left = useSession((state) => state.left);
  const userId = useSession((state) => state.user?.id);
  const asking = useStepUp((state) => state.asking);
  const location = useLocation();
  const navigate = useNavigate();
  const compact = useMatch("/c/:roomId") !== null || location.pathname.startsWith("/g/");
  const active = status === "signed-in";
  useLive(active, userId);
  useReadyNotice();

  if (status === "unknown") return <ShellSkeleton />;
  if (status === "signed-out") {
    const wanted = location.pathname + location.search;
    return (
      <Navigate to={left || wanted === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(wanted)}`} replace />
    );
  }
  return (
    <>
      <a className="skip btn" href="#content">
        Skip to content
      </a>
      <div className={compact ? "shell is-compact" : "shell"}>
        <Side />
        <Outlet />
        <TabBar />
      </div>
      {asking && status === "signed-in" && (
        <Suspense fallback={null}>
          <StepUpDialog here={location.pathname + location.search} />
        </Suspense>
      )}
      {status === "expired" && (
        <Suspense fallback={null}>
          <ExpiredDialog
            here={location.pathname + location.search}
            onLeave={() => {
              void signOut();
              void navigate("/sign-in");
            }}
          />
        </Suspense>
      )}
    </>
  );
}

/** What runs as long as somebody is signed in. A user's data goes when the user does. */
function useLive(active: boolean, userId: string | undefined) {
  useEffect(() => {
    if (!userId) return;
    openOutbox(userId);
    const stops = [bindStreams(), runOutbox()];
    return () => {
      for (const stop of stops) stop();
      openOutbox(null);
      queryClient.clear();
    };
  }, [userId]);
  useEffect(() => {
    if (!active) return;
    connectSocket();
    return disconnectSocket;
  }, [active]);
}
