// The guard of the sign-in pages: who is signed in goes where they wanted to go.
import { Navigate, Outlet, useSearchParams } from "react-router";
import { useSession } from "@/lib/auth-session";
import { safeNext } from "./safe-next";

export function SignedOut() {
  const status = useSession((state) => state.status);
  const [params] = useSearchParams();
  if (status === "unknown") return null;
  if (status === "signed-in") return <Navigate to={safeNext(params.get("next"))} replace />;
  return <Outlet />;
}
